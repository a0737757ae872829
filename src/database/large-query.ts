// Statements whose arguments are whole batches. Prisma holds on to them after the answer, in two ways, and
// the garbage collector then carried megabytes along: a quarter of all the writer's work.
//
// It remembers the arguments of its last hundred debug messages, printed or not, for reports that only its
// own command makes (`MAX_ARGS_HISTORY` in @prisma/debug, of which the client and the adapter have one each).
//
// And each of its promises has a getter of its own (`spec`), for which V8 makes a hidden class among the old
// objects. It dies with the promise, but until old objects are collected all that the promise leads to
// counts as needed: the statement with its arguments, and the answer.
import { Debug as debugOfClient } from '@prisma/client/runtime/client';
import { Debug as debugOfAdapter } from '@prisma/driver-adapter-utils';
import type { Connection } from './database.js';
import type { Prisma } from './generated/client.js';

const REMEMBERED = 100;
const debugs = [debugOfClient('topic-mirror'), debugOfAdapter('topic-mirror')];

/** The rows of a statement, which is empty afterwards: nobody but the caller keeps what was asked and told. */
export async function queryLarge<Row>(
  connection: Connection,
  statement: Prisma.Sql,
): Promise<Row[]> {
  try {
    const rows = await connection.$queryRaw<Row[]>(statement);
    return rows.splice(0);
  } finally {
    statement.values.length = 0;
    for (const debug of debugs) {
      for (let message = 0; message < REMEMBERED; message += 1) debug('');
    }
  }
}
