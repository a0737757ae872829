// The columns of a change in responses.
import { Prisma } from '../database/generated/client.js';
import { MAX_PAGE_BYTES, octets } from '../database/page-bytes.js';

const RESPONSE = Prisma.sql`
  c.seq,
  c.group_id as "groupId",
  c.topic_id as "topicId",
  c.kind,
  c.origin,
  ${utc(Prisma.sql`c.at`)} as at,
  c.operator_account as "operatorAccount",
  c.platform,
  c.before,
  c.after`;

export const OCTETS = octets({
  texts: [Prisma.sql`c.operator_account`, Prisma.sql`c.platform`],
  json: [Prisma.sql`c.before`, Prisma.sql`c.after`],
});

/** A change as JSON, or null where a page has ended before it. */
export const UP_TO_BYTES = Prisma.sql`
  case when c.bytes_before < ${Prisma.raw(String(MAX_PAGE_BYTES))}
       then (select row_to_json(response)::text from (select ${RESPONSE}) response) end`;

export function utc(instant: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`to_char(${instant} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}
