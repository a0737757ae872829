// Whether the ports of the service can be opened, known before PostgreSQL and migrations are started.
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Settings } from '../config/settings.js';

/** A port cannot be opened; the message says what to set. */
export class PortError extends Error {
  constructor(
    message: string,
    readonly code: string,
    options: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** @throws PortError */
export async function requireFreePorts(settings: Settings): Promise<void> {
  const { port, host, apiPort, apiHost } = settings;
  await requireFree({ port, host, names: ['PORT', 'HOST'] });
  if (apiPort !== null) {
    await requireFree({ port: apiPort, host: apiHost, names: ['API_PORT', 'API_HOST'] });
  }
}

interface Place {
  readonly port: number;
  readonly host: string;
  /** The settings of port and host. */
  readonly names: readonly [string, string];
}

async function requireFree({ port, host, names }: Place): Promise<void> {
  const server = createServer().listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
    const reason = REASONS[code]?.(...names) ?? String(error);
    throw new PortError(`${host}:${port} ${reason}`, code, { cause: error });
  }
  server.close();
  await once(server, 'close');
}

const REASONS: Readonly<Record<string, (port: string, host: string) => string>> = {
  EADDRINUSE: (port) => `is in use: set ${port} to another port, or stop the process that has it`,
  EACCES: (port) => `needs rights that this process does not have: set ${port} to 1024 or more`,
  EADDRNOTAVAIL: (_, host) => `is no address of this machine: set ${host}`,
  ENOTFOUND: (_, host) => `cannot be resolved: set ${host} to an address of this machine`,
};
