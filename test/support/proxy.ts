import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * `pass`: as if it were not there; `refuse`: the server is down; `stall`: both ways fall silent;
 * `mute`: what is sent arrives, but no answer comes back; `slow`: each answer comes 650 ms late.
 */
export type Mode = 'pass' | 'refuse' | 'stall' | 'mute' | 'slow';

const SLOW_MS = 650;

export interface Proxy {
  /** `url` with the proxy in the place of its server. */
  readonly url: string;
  /** Applies to living connections too; those of another mode end on the way back to `pass`. */
  set(mode: Mode): void;
  /** Resolves when bytes have come from the client since the call. */
  nextRequest(): Promise<void>;
  close(): Promise<void>;
}

/** A proxy before a TCP server that can fail in the ways networks do. */
export async function startProxy(url: string): Promise<Proxy> {
  const target = new URL(url);
  const pairs = new Set<{ client: Socket; server: Socket }>();
  let mode: Mode = 'pass';
  let heard: (() => void)[] = [];

  const listener = createServer((client) => {
    if (mode === 'refuse') {
      client.destroy();
      return;
    }
    const server = connect(Number(target.port || 5432), target.hostname);
    const pair = { client, server };
    pairs.add(pair);
    client.on('data', (bytes) => {
      for (const tell of heard.splice(0)) tell();
      if (mode !== 'stall') server.write(bytes);
    });
    server.on('data', (bytes) => {
      if (mode === 'pass') client.write(bytes);
      if (mode === 'slow') setTimeout(() => client.destroyed || client.write(bytes), SLOW_MS);
    });
    for (const socket of [client, server]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        server.destroy();
        pairs.delete(pair);
      });
    }
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;

  const cut = () => {
    for (const { client } of pairs) client.destroy();
  };
  return {
    url: Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href,
    set: (next) => {
      if (next === 'refuse' || (next === 'pass' && mode !== 'pass')) cut();
      mode = next;
    },
    nextRequest: () => new Promise((resolve) => heard.push(resolve)),
    close: async () => {
      cut();
      listener.close();
      await once(listener, 'close');
    },
  };
}
