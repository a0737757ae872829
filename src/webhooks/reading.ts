// Reads one authentic request: what command it is, what it says, what is kept of it. Pure, so that the
// journal can be read again at any time.
import { parse } from 'node:querystring';
import { FIELDS, read } from '../tencent/fields.js';
import { storableText } from '../tencent/wire.js';
import type { Change, ChangeSet, Outcome } from '../topics/change.js';
import { idProblem } from '../topics/id.js';
import type { Micros } from '../topics/registers.js';
import { type Callback, type CallbackBody, InvalidCallbackError, parseBody } from './callback.js';
import { commandLabel, handlingOf } from './commands.js';

/** A request as it came. */
export interface Request {
  readonly id: string;
  readonly arrivedAt: Micros;
  /** The text after the `?`, without `Sign`. */
  readonly query: string;
  readonly body: Buffer;
}

/** What a request says. */
export interface Reading {
  readonly set: ChangeSet;
  /** The command as a label: one of the known, its family, `other` or `none`. */
  readonly label: string;
  /** Why it cannot be understood; it is kept all the same. */
  readonly problem: InvalidCallbackError | null;
  readonly isGate: boolean;
}

/** The query names another command than the body: somebody sends a body under a foreign signature. */
export class ContradictionError extends InvalidCallbackError {
  override readonly code = 'CALLBACK_REFUSED';
}

type Query = Readonly<Record<string, unknown>>;

export function readRequest(request: Request, query: Query = parse(request.query)): Reading {
  const platform = typeof query.OptPlatform === 'string' ? storableText(query.OptPlatform) : null;
  let command: string | null = null;
  let body: CallbackBody | null = null;
  const reading = (changes: readonly Change[], otherwise: Outcome): ChangeSet => ({
    changes,
    origin: 'callback',
    arrivedAt: request.arrivedAt,
    operatorAccount: (body && read(body, FIELDS.operatorAccount)) ?? null,
    platform,
    entry: {
      id: request.id,
      command: command === null ? null : storableText(command),
      groupId: groupIdOf(body),
      query: request.query,
      body: request.body,
      otherwise,
    },
  });
  try {
    body = parseBody(request.body);
    command = commandOf(query, body);
    const handling = command === null ? null : handlingOf(command);
    const label = labelOf(command);
    const isGate = handling?.kind === 'ignored' && handling.isGate === true;
    if (command === null || body === null || handling?.kind !== 'mirrored') {
      const isKnown = handling !== null || command === null;
      return { set: reading([], isKnown ? 'ignored' : 'unknown'), label, problem: null, isGate };
    }
    const requestTime = typeof query.RequestTime === 'string' ? query.RequestTime : null;
    const callback: Callback = { command, body, requestTime, arrivedAt: request.arrivedAt };
    const changes = handling.handler(callback);
    return { set: reading(changes, otherwiseOf(changes)), label, problem: null, isGate };
  } catch (error) {
    if (!(error instanceof InvalidCallbackError)) throw error;
    const label = labelOf(command);
    return { set: reading([], 'invalid'), label, problem: error, isGate: false };
  }
}

/** The body names the command, and the query repeats it. */
function commandOf(query: Query, body: CallbackBody | null): string | null {
  const inQuery = query.CallbackCommand;
  const inBody = body === null ? undefined : read(body, FIELDS.command);
  const isRepeated = inQuery !== undefined && typeof inQuery !== 'string';
  if (isRepeated || (inQuery !== undefined && inBody !== undefined && inQuery !== inBody)) {
    throw new ContradictionError('callback refused: query and body must name one CallbackCommand');
  }
  // The console's probe of a URL has no body, or an empty one.
  if (body === null || Object.keys(body).length === 0) return null;
  const named = inBody ?? inQuery ?? null;
  if (named !== null && typeof named !== 'string') {
    throw new InvalidCallbackError('CallbackCommand must be a text');
  }
  return named;
}

/** What becomes of a callback that changes nothing. */
function otherwiseOf(changes: readonly Change[]): Outcome {
  if (changes.length === 0) return 'ignored';
  const isDoubted = changes.some(
    (change) => change.subject === 'group' && change.kind === 'doubted',
  );
  return isDoubted ? 'stale' : 'unchanged';
}

function labelOf(command: string | null): string {
  return command === null ? 'none' : commandLabel(command);
}

function groupIdOf(body: CallbackBody | null): string | null {
  const groupId = body === null ? undefined : read(body, FIELDS.groupId);
  return groupId !== undefined && idProblem(groupId) === null ? groupId : null;
}
