// A page ends where it has grown to so many bytes, so that neither PostgreSQL nor this process ever holds more of it;
// it has one item at least.
import { Prisma } from './generated/client.js';

export const MAX_PAGE_BYTES = 4 * 1024 * 1024;

/**
 * How many bytes texts and JSON of a row take, at least. Next to nothing is fetched for it: the length of a text
 * stands beside the place where it is kept; only of JSON that was compressed it has to be found out.
 */
export function octets(columns: {
  readonly texts: readonly Prisma.Sql[];
  readonly json: readonly Prisma.Sql[];
}): Prisma.Sql {
  return Prisma.join(
    [
      Prisma.sql`0`,
      ...columns.texts.map((column) => Prisma.sql`coalesce(octet_length(${column}), 0)`),
      ...columns.json.map(
        (column) => Prisma.sql`
          case when pg_column_compression(${column}) is null then coalesce(pg_column_size(${column}), 0)
               else octet_length(${column}::text) end`,
      ),
    ],
    ' + ',
  );
}

/** The sum over all rows before, in the order in which they come. */
export function sumBefore(value: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`(sum(${value}) over (rows unbounded preceding) - (${value}))`;
}
