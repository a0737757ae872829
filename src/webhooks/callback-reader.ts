// Reads one authentic request: its command, its changes, its journal entry. Pure, so that the journal can be replayed.
import { parse } from 'node:querystring';
import { setImmediate } from 'node:timers/promises';
import { isBlocking } from '../tencent/blocking.js';
import { FIELDS, read } from '../tencent/fields.js';
import { storableText } from '../tencent/wire.js';
import type { CallbackRequest, Outcome } from '../journal/journal-entry.js';
import type { Change, ChangeSet } from '../topics/domain/change.js';
import { idProblem } from '../topics/domain/id.js';
import { type Callback, type CallbackBody, InvalidCallbackError, parseBody } from './callback.js';
import { commandLabel, handlingOf } from './commands.js';

/** What a request says. */
export interface Reading {
  readonly set: ChangeSet;
  /** The command as a label: one of the known, its family, `other` or `none`. */
  readonly label: string;
  /** Why it is invalid; it is stored all the same. */
  readonly problem: InvalidCallbackError | null;
  /** A user waits for the answer: it is sent before the journal is written. */
  readonly isBlocking: boolean;
}

/** Query and body name different commands: a body under a foreign signature. */
export class ContradictionError extends InvalidCallbackError {
  override readonly code = 'CALLBACK_REFUSED';
}

type Query = Readonly<Record<string, unknown>>;

// It takes some 5 ms to parse on a slow core.
const LARGE_BODY_BYTES = 128 * 1024;

/** As `readRequest`, but a large body is parsed in a turn of the event loop of its own. */
export async function readInTurns(request: CallbackRequest, query: Query): Promise<Reading> {
  if (request.body.length < LARGE_BODY_BYTES) return readRequest(request, query);
  const parsed = parsedAhead(request.body);
  await setImmediate();
  return readRequest(request, query, parsed);
}

function parsedAhead(bytes: Buffer): () => CallbackBody | null {
  try {
    const body = parseBody(bytes);
    return () => body;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

export function readRequest(
  request: CallbackRequest,
  query: Query = parse(request.query),
  parsed: () => CallbackBody | null = () => parseBody(request.body),
): Reading {
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
    body = parsed();
    command = commandOf(query, body);
    const handling = command === null ? null : handlingOf(command);
    const label = labelOf(command);
    if (command === null || body === null || handling?.kind !== 'mirrored') {
      const isKnown = handling !== null || command === null;
      return {
        set: reading([], isKnown ? 'ignored' : 'unknown'),
        label,
        problem: null,
        isBlocking: command !== null && isBlocking(command),
      };
    }
    const requestTime = typeof query.RequestTime === 'string' ? query.RequestTime : null;
    const callback: Callback = { command, body, requestTime, arrivedAt: request.arrivedAt };
    const changes = handling.handler(callback);
    return { set: reading(changes, otherwiseOf(changes)), label, problem: null, isBlocking: false };
  } catch (error) {
    if (!(error instanceof InvalidCallbackError)) throw error;
    const label = labelOf(command);
    return { set: reading([], 'invalid'), label, problem: error, isBlocking: false };
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
  const isUnspecific = changes.some(
    (change) => change.subject === 'group' && change.kind === 'unspecific',
  );
  return isUnspecific ? 'stale' : 'unchanged';
}

function labelOf(command: string | null): string {
  return command === null ? 'none' : commandLabel(command);
}

function groupIdOf(body: CallbackBody | null): string | null {
  const groupId = body === null ? undefined : read(body, FIELDS.groupId);
  return groupId !== undefined && idProblem(groupId) === null ? groupId : null;
}
