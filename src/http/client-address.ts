import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** Where a request comes from: what a trusted proxy says, if that is an address, else the peer. */
export function clientAddress({ ip, socket }: FastifyRequest): string {
  const candidate = isIP(ip) === 0 ? withoutPort(ip) : ip;
  return isIP(candidate) === 0 ? (socket.remoteAddress ?? 'unknown') : candidate;
}

/** Some proxies write the port as well: `192.0.2.1:443`, `[2001:db8::1]:443`. */
function withoutPort(text: string): string {
  return /^\[?([\da-f.:]+?)\]?:\d{1,5}$/i.exec(text)?.[1] ?? text;
}
