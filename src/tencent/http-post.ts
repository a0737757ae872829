// One POST to the vendor, over Node's own pool of persistent connections.

/** What came back: a whole answer, or why there is none. Never holds the URL. */
export type Posted =
  | { readonly status: number; readonly text: string; readonly date: Date | null }
  | { readonly status: null; readonly reason: string };

// The vendor's own limit of an answer is 1 MB.
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/**
 * Posts a JSON body and reads the whole answer within `timeoutMs`.
 * @throws the reason of `signal` when it was aborted; everything else is in the result.
 */
export async function post(
  url: URL,
  body: string,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<Posted> {
  // Not AbortSignal.any: it keeps what it made as long as the caller's signal lives.
  const abort = new AbortController();
  const giveUp = (): void => abort.abort();
  const timer = setTimeout(giveUp, timeoutMs);
  signal?.addEventListener('abort', giveUp);
  try {
    signal?.throwIfAborted();
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
      // A redirect would send the UserSig to another host.
      redirect: 'manual',
      signal: abort.signal,
    });
    const date = new Date(response.headers.get('date') ?? Number.NaN);
    return {
      status: response.status,
      text: await readAll(response),
      date: Number.isNaN(date.getTime()) ? null : date,
    };
  } catch (error) {
    signal?.throwIfAborted();
    if (abort.signal.aborted) return { status: null, reason: `no answer within ${timeoutMs} ms` };
    return { status: null, reason: networkReason(error) };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', giveUp);
  }
}

async function readAll(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) throw new RangeError('the answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Only the code of the failure: a message of the network's may repeat the request. */
function networkReason(error: unknown): string {
  const cause = member(error, 'cause') ?? error;
  const code = member(cause, 'code');
  return typeof code === 'string' ? `network: ${code}` : 'network: the connection failed';
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
