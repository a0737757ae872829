// Statements whose arguments are whole batches go to Prisma's adapter past its client, which would write these as
// JSON, parse that and copy what came out, and would keep them: among its last hundred debug messages, printed
// or not (`MAX_ARGS_HISTORY` in @prisma/debug), and through the getter of each of its promises (`spec`). V8 makes
// that among the old objects, and all that it leads to, the requests that wait for the batch included, is taken for
// old as well. All this was a third of the writer's work.
import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import type { PrismaClient } from './generated/client.js';

/** A statement whose text is always the same, and its parameters. */
export interface BatchStatement {
  readonly text: string;
  readonly values: readonly (string | number | boolean | null)[];
}

/** Gives the rows of one statement. */
export type BatchQuery = <Row>(statement: BatchStatement) => Promise<Row[]>;

/** Each statement is a transaction. */
export function onAdapter(adapter: SqlDriverAdapter): BatchQuery {
  return async <Row>({ text, values }: BatchStatement) => {
    remember(text);
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
export function inTransaction(tx: Pick<PrismaClient, '$queryRawUnsafe'>): BatchQuery {
  return ({ text, values }) => {
    remember(text);
    return tx.$queryRawUnsafe(text, ...values);
  };
}

const statementNames = new Map<string, string>();

/** There are few texts, so a connection may keep the plan of each. */
function remember(text: string): void {
  if (!statementNames.has(text)) statementNames.set(text, `batch_${statementNames.size}`);
}

/** The name under which a connection prepares a statement; none for those that are not of batches. */
export function nameOf({ sql }: { readonly sql: string }): string {
  return statementNames.get(sql) ?? '';
}

function toObject(names: readonly string[], cells: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name, index) => [name, cells[index]]));
}
