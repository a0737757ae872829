// What a failed statement means for the caller. Prisma wraps the driver's error several levels deep.

/** PostgreSQL is unavailable; whether it has committed a write is unknown. */
export class DatabaseUnavailableError extends Error {
  readonly code = 'DATABASE_UNAVAILABLE';

  constructor(cause: unknown) {
    super('PostgreSQL did not answer', { cause });
    this.name = 'DatabaseUnavailableError';
  }
}

// Codes of the operating system for a server that is not available, or not yet.
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
// The driver's own errors have no code.
const GIVEN_UP = /^(timeout expired|Connection terminated|Query read timeout)/;

/** Whether no server is available, or not yet; a rejection, as of a wrong password, is different. */
export function isUnreachable(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== null) return isAwayState(state);
  const code = String(member(error, 'code'));
  if (UNREACHABLE.has(code)) return true;
  // A socket in the file system.
  if (code === 'ENOENT') return member(error, 'syscall') === 'connect';
  return GIVEN_UP.test(String(member(error, 'message')));
}

/** The schema is not the one this build needs; the message names the command to run. */
export class SchemaError extends Error {
  readonly code = 'SCHEMA_NOT_CURRENT';

  constructor(message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = 'SchemaError';
  }
}

// Classes of SQLSTATE that the data of a statement causes: a repetition fails again.
// 21 cardinality, 22 data exception, 23 constraint, 54 program limit (an index row too large).
const DATA_FAULT = /^(21|22|23|54)/;

/** An item of a batch cannot be reduced or serialised: a repetition fails again. */
export class ItemFaultError extends Error {
  readonly code = 'ITEM_FAULT';

  constructor(cause: unknown) {
    super('it cannot be applied', { cause });
    this.name = 'ItemFaultError';
  }
}

/**
 * Runs the pure part of the work on a batch.
 * @throws ItemFaultError for all its errors.
 */
export function blamingItems<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new ItemFaultError(error);
  }
}

/** Whether the data is at fault, and not the server: a repetition fails again. */
export function isDataFault(error: unknown): boolean {
  if (error instanceof ItemFaultError) return true;
  const state = sqlState(error);
  return state !== null && DATA_FAULT.test(state);
}

/**
 * Whether a replica cancelled a read in favour of its replay; the primary has no such conflicts.
 * Source: documentation of PostgreSQL, 26.4.2, Handling Query Conflicts.
 */
export function isRecoveryConflict(error: unknown): boolean {
  return sqlState(error)?.startsWith('40') ?? false;
}

/** Whether another transaction conflicted: a repetition most likely succeeds. */
export function isConflict(error: unknown): boolean {
  const state = sqlState(error);
  return state === '40001' || state === '40P01';
}

// Classes of SQLSTATE after which another server, or the same one later, may answer.
// 08 connection, 25006 read-only (a standby), 40 rollback, 53 resources, 55P03 lock, 57 operator.
const AWAY = /^(08|25006|40|53|55P03|57)/;

export function isAwayState(state: string): boolean {
  return AWAY.test(state);
}

/** The SQLSTATE inside an error of Prisma or of the driver, or `null`. */
export function sqlState(error: unknown): string | null {
  for (const value of inside(error)) {
    const original = member(value, 'originalCode');
    if (typeof original === 'string') return original;
    // Prisma's own codes look alike (P2010); only PostgreSQL's come with a severity.
    const state = member(value, 'code');
    if (typeof state === 'string' && member(value, 'severity') !== undefined) return state;
  }
  return null;
}

/** The innermost message. */
export function reasonOf(error: unknown): string {
  const messages = [...inside(error)].map((each) => member(each, 'message'));
  return String(messages.findLast((message) => message) ?? error);
}

/** The error itself and what it wraps, outermost first. */
function* inside(error: unknown): Generator<unknown> {
  let current: unknown = error;
  for (let depth = 0; depth < 8 && typeof current === 'object' && current !== null; depth += 1) {
    yield current;
    current =
      member(member(current, 'meta'), 'driverAdapterError') ?? member(current, 'cause') ?? null;
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
