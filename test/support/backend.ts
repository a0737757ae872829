import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** A callback as the backend of an app got it. */
export interface Relayed {
  /** `X-Request-Id`. */
  readonly id: string;
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly json: Readonly<Record<string, unknown>>;
  /** By `performance.now()`. */
  readonly at: number;
}

/** `hang`: no answer ever comes. `reset`: the connection breaks instead. */
export type Reply =
  | 'hang'
  | 'reset'
  | {
      readonly status?: number;
      readonly body?: string | Buffer;
      readonly headers?: Readonly<Record<string, string>>;
      readonly delayMs?: number;
    };

/** The backend of an app behind the mirror, on a port that stays the same. */
export class Backend {
  /** What it got, in the order of arrival, answered or not. */
  readonly received: Relayed[] = [];
  /** What it accepted with a status 2xx. */
  readonly accepted: Relayed[] = [];
  reply: (callback: Relayed) => Reply = () => ({});
  private server: Server | null = null;
  private port = 0;

  static async start(): Promise<Backend> {
    const backend = new Backend();
    await backend.open();
    return backend;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async open(): Promise<void> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const [path = '', query = ''] = (request.url ?? '').split('?', 2);
        const body = Buffer.concat(chunks);
        const callback = {
          id: String(request.headers['x-request-id']),
          path,
          query,
          headers: request.headers,
          body,
          json: parsed(body),
          at: performance.now(),
        };
        this.received.push(callback);
        this.answer(callback, response);
      });
    });
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  /** Ends at once, with all connections. */
  async close(): Promise<void> {
    const { server } = this;
    this.server = null;
    if (!server) return;
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }

  /** Names in the order in which a group's were accepted. */
  namesOf(groupId: string, of: readonly Relayed[] = this.accepted): unknown[] {
    return of.filter(({ json }) => json.GroupId === groupId).map(({ json }) => json.Name);
  }

  private answer(callback: Relayed, response: ServerResponse): void {
    const reply = this.reply(callback);
    if (reply === 'hang') return;
    if (reply === 'reset') {
      response.socket?.resetAndDestroy();
      return;
    }
    const { status = 200, body = '{}', headers = {}, delayMs = 0 } = reply;
    setTimeout(() => {
      if (status >= 200 && status < 300) this.accepted.push(callback);
      response.writeHead(status, headers).end(body);
    }, delayMs);
  }
}

function parsed(body: Buffer): Record<string, unknown> {
  try {
    return JSON.parse(body.toString()) as Record<string, unknown>;
  } catch {
    return {};
  }
}
