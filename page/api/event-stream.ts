export interface ServerSentEvent {
  readonly id: string | null;
  readonly event: string | null;
  readonly data: string | null;
}

/** The events of a stream (HTML, 9.2.6), for what `EventSource` cannot do: it sends no key. */
export async function* eventsOf(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<ServerSentEvent> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (text + value).split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) yield parse(block);
  }
}

function parse(block: string): ServerSentEvent {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).replace(/^ /, ''));
  }
  const get = (name: string): string | null => fields.get(name) ?? null;
  return { id: get('id'), event: get('event'), data: get('data') };
}
