// Dates on their way through Prisma. Its driver writes and reads them without a time zone, as if every session
// were set to UTC and to ISO dates; as numbers they are the same whatever is set on the database or the role.
import { Prisma } from './generated/client.js';

/** An instant as a parameter. */
export function timestamp(date: Date): Prisma.Sql {
  return Prisma.sql`to_timestamp(${date.getTime() / 1000}::float8)`;
}

/** A column with an instant as milliseconds since 1970, to be read by `new Date`. */
export function milliseconds(column: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`(extract(epoch from ${column}) * 1000)::float8`;
}
