import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A connection without a client's manners, and all that came back over it. */
export interface RawConnection {
  readonly socket: Socket;
  readonly received: () => string;
  /** Resolves when the other side has ended it. */
  readonly closed: Promise<void>;
  /** Resolves when this much of an answer is there. */
  until(text: string): Promise<void>;
}

export async function openRaw(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  let received = '';
  // Writing into a connection that the other side has closed is part of the trial.
  socket.on('error', () => undefined);
  socket.setEncoding('latin1').on('data', (text: string) => (received += text));
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await once(socket, 'connect');
  return {
    socket,
    received: () => received,
    closed,
    until: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => (received.includes(text) ? resolve() : undefined);
        socket.on('data', look);
        void closed.then(() => reject(new Error(`closed after: ${received}`)));
        look();
      }),
  };
}

/** The head of a request. */
export function head(
  method: string,
  path: string,
  headers: Readonly<Record<string, string | number>> = {},
): string {
  const lines = Object.entries({ host: 'x', ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return [`${method} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}

/** Sends without end, as fast as it is taken; a body with a length, or in chunks. */
export function pour(socket: Socket, isChunked = false): void {
  const bytes = Buffer.alloc(16 * 1024, 'x');
  const chunk = isChunked
    ? Buffer.concat([Buffer.from('4000\r\n'), bytes, Buffer.from('\r\n')])
    : bytes;
  const more = (): void => {
    if (socket.destroyed) return;
    if (socket.write(chunk)) setImmediate(more);
    else socket.once('drain', more);
  };
  more();
}
