import type { Connection } from './clients.js';
import { milliseconds } from './dates.js';
import { Prisma } from './generated/client.js';

/** How far the clock of this process is ahead of PostgreSQL's, in milliseconds, to half a round trip. */
export async function clockSkewMs(connection: Connection): Promise<number> {
  const sentAt = Date.now();
  const [row] = await connection.$queryRaw<{ nowMs: number }[]>`
    select ${milliseconds(Prisma.sql`clock_timestamp()`)} as "nowMs"`;
  if (!row) throw new Error('PostgreSQL did not return its clock');
  return (sentAt + Date.now()) / 2 - row.nowMs;
}

/** What PostgreSQL's clock shows, in milliseconds since 1970: what expires by a clock of one process would be lost for all. */
export async function databaseNowMs(connection: Connection): Promise<number> {
  return Date.now() - (await clockSkewMs(connection));
}
