// What a failed statement means for the caller. Prisma wraps the driver's error several levels deep.

/** The database could not be asked, or whether it kept what it was told is unknown. */
export class DatabaseUnavailableError extends Error {
  readonly code = 'DATABASE_UNAVAILABLE';

  constructor(cause: unknown) {
    super('PostgreSQL did not answer', { cause });
    this.name = 'DatabaseUnavailableError';
  }
}

// What the system says of a server that is not there, or not yet.
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

/** Whether no server was there to be asked, or not yet; refused, as for a wrong password, is another thing. */
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

// Classes of SQLSTATE that the data of a statement causes: asked again, it fails again.
// 21 cardinality, 22 data exception, 23 constraint, 54 program limit (an index row too large).
const DATA_FAULT = /^(21|22|23|54)/;

/** An item of a batch cannot be reduced or serialised: whatever the database says, it fails again. */
export class ItemFaultError extends Error {
  readonly code = 'ITEM_FAULT';

  constructor(cause: unknown) {
    super('it cannot be applied', { cause });
    this.name = 'ItemFaultError';
  }
}

/**
 * Runs the pure part of the work on a batch, in which no server has a share.
 * @throws ItemFaultError for whatever it throws.
 */
export function blamingItems<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new ItemFaultError(error);
  }
}

/** Whether what was to be written is at fault, and not the server: tried again, it fails again. */
export function isDataFault(error: unknown): boolean {
  if (error instanceof ItemFaultError) return true;
  const state = sqlState(error);
  return state !== null && DATA_FAULT.test(state);
}

/**
 * Whether a replica gave a read up for the sake of its replay; the primary has no such conflicts.
 * Source: documentation of PostgreSQL, 26.4.2, Handling Query Conflicts.
 */
export function isRecoveryConflict(error: unknown): boolean {
  return sqlState(error)?.startsWith('40') ?? false;
}

/** Whether another transaction came in between: tried again, the same most likely succeeds. */
export function isConflict(error: unknown): boolean {
  const state = sqlState(error);
  return state === '40001' || state === '40P01';
}

// Classes of SQLSTATE that say that another server, or the same one later, would answer.
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

/** What happened, in the words of whoever saw it. */
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
