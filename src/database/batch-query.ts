// Statements whose arguments are whole batches go to Prisma's adapter past its client, which would write these as
// JSON, parse that and copy what came out, and would keep them: among its last hundred debug messages, printed
// or not (`MAX_ARGS_HISTORY` in @prisma/debug), and through the getter of each of its promises (`spec`). V8 makes
// that among the old objects, and all that it leads to, the requests that wait for the batch included, is taken for
// old as well. All this was a third of the writer's work.
import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import type { Connection } from './database.js';
import type { Prisma } from './generated/client.js';

/** Gives the rows of one statement. */
export type BatchQuery = <Row>(statement: Prisma.Sql) => Promise<Row[]>;

/** Each statement is a transaction; its arguments are strings, numbers, nulls, or lists of strings. */
export function onAdapter(adapter: SqlDriverAdapter): BatchQuery {
  return async <Row>({ text, values }: Prisma.Sql) => {
    const args: unknown[] = [...values];
    try {
      const argTypes = args.map(() => ({ scalarType: 'unknown', arity: 'scalar' }) as const);
      const { columnNames, rows } = await adapter.queryRaw({ sql: text, args, argTypes });
      return rows.map((row) => toObject(columnNames, row) as Row);
    } finally {
      // The adapter remembers its debug messages, too.
      args.length = 0;
    }
  };
}

/** The same inside of a transaction, which only the client can make. */
export function inTransaction(tx: Connection): BatchQuery {
  return (statement) => tx.$queryRaw(statement);
}

const statementNames = new Map<string, string>();

/** The name of a statement: there are few texts, and a connection may keep what it made of each. */
export function nameOf({ sql }: { readonly sql: string }): string {
  const name = statementNames.get(sql) ?? `batch_${statementNames.size}`;
  statementNames.set(sql, name);
  return name;
}

function toObject(names: readonly string[], cells: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name, index) => [name, cells[index]]));
}
