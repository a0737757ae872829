import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';

export interface ServerSentEvent {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
  readonly retry?: string;
  readonly comment?: string;
}

/** A reader of server-sent events (HTML, 9.2.6), apart from our own code. */
export class EventSource {
  private constructor(readonly response: IncomingMessage) {}

  static async open(url: string, headers: Record<string, string> = {}): Promise<EventSource> {
    const request = get(url, {
      headers: { accept: 'text/event-stream', ...headers },
      agent: false,
    });
    const [response]: IncomingMessage[] = await once(request, 'response');
    if (response?.statusCode !== 200) throw new Error(`answered ${response?.statusCode}`);
    return new EventSource(response);
  }

  /** The blocks of the stream, as they arrive, until either side ends it. */
  async *events(): AsyncGenerator<ServerSentEvent> {
    let text = '';
    this.response.setEncoding('utf8');
    try {
      for await (const chunk of this.response) {
        text += chunk;
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) yield parse(block);
      }
    } catch (error) {
      // The server, or we, have cut the connection.
      if (!this.response.destroyed) throw error;
    }
  }

  /** The JSON of the next `count` changes. */
  async changes(count: number): Promise<Change[]> {
    const found: Change[] = [];
    for await (const { id, data, event } of this.events()) {
      if (data === undefined || event !== undefined) continue;
      const change: Change = JSON.parse(data);
      if (String(change.seq) !== id) throw new Error(`event ${id} holds the change ${change.seq}`);
      if (found.push(change) === count) break;
    }
    return found;
  }

  close(): void {
    this.response.destroy();
  }
}

export interface Change {
  readonly seq: number;
  readonly groupId: string;
  readonly topicId: string | null;
  readonly kind: string;
}

function parse(block: string): ServerSentEvent {
  const fields = block.split('\n').map((line) => {
    const [name = '', ...rest] = line.split(':');
    return [name === '' ? 'comment' : name, rest.join(':').trim()];
  });
  return Object.fromEntries(fields);
}
