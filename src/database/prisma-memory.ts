// Prisma remembers the arguments of its last hundred debug messages, printed or not, for reports that
// only its own command makes (`MAX_ARGS_HISTORY` in @prisma/debug, of which the client and the adapter
// have one each). Of a writer whose arguments are whole batches these are megabytes that outlive
// them, and that the garbage collector carried along: a sixth of all the writer's work.
import { Debug as debugOfClient } from '@prisma/client/runtime/client';
import { Debug as debugOfAdapter } from '@prisma/driver-adapter-utils';

const REMEMBERED = 100;
const debugs = [debugOfClient('topic-mirror'), debugOfAdapter('topic-mirror')];

/** Lets go of the arguments of statements that have ended. */
export function forgetArguments(): void {
  for (const debug of debugs) {
    for (let message = 0; message < REMEMBERED; message += 1) debug('');
  }
}
