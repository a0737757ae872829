// A callback as it arrives: query and body, before anybody knows what it means.
import { FIELDS, plausibleMs, read, time as timeOf } from '../tencent/fields.js';
import { isWire, parseExact, type Wire } from '../tencent/wire.js';
import { type Dated, type Micros, PRECISION } from '../topics/domain/event-time.js';

/** The body of a callback. */
export type CallbackBody = Wire;

/** A callback whose sender is known and whose body could be read. */
export interface Callback {
  readonly command: string;
  readonly body: CallbackBody;
  /** `RequestTime` of the query, if it has the vendor's form. */
  readonly requestTime: string | null;
  /** By this process's clock; no two callbacks of a process share it. */
  readonly arrivedAt: Micros;
}

/** The body cannot be used as it is; the message goes to the sender and names what is missing. */
export class InvalidCallbackError extends Error {
  readonly code: string = 'INVALID_CALLBACK';
}

// Documented bodies nest three levels deep.
const MAX_DEPTH = 32;

/**
 * Reads a body whatever its content type; bytes that are not UTF-8 become U+FFFD.
 * @returns `null` for no body at all, as the console's probe of a URL has.
 * @throws InvalidCallbackError when it is not one JSON object.
 */
export function parseBody(bytes: Buffer | undefined): CallbackBody | null {
  if (bytes === undefined || bytes.length === 0) return null;
  if (isTooDeep(bytes)) throw new InvalidCallbackError('the body is nested too deep');
  const parsed = parseJson(bytes.toString('utf8'));
  if (!isWire(parsed)) throw new InvalidCallbackError('the body must be one JSON object');
  return parsed;
}

function parseJson(text: string): unknown {
  try {
    return parseExact(text.startsWith('\uFEFF') ? text.slice(1) : text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InvalidCallbackError('the body must be one JSON object; it is not JSON', {
      cause: error,
    });
  }
}

/** Counts brackets outside of strings, before a parser recurses into them. */
function isTooDeep(bytes: Buffer): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (inString) {
      if (byte === BACKSLASH) index += 1;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth -= 1;
  }
  return false;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

const MICROS_PER_MS = 1000;
// Clocks differ that much at most; what is dated further ahead of its arrival counts as dated by it.
const MAX_AHEAD_MS = 10_000;

/** When the event happened: its own time, else that of the request, else its arrival. */
export function dateOf({ body, requestTime, arrivedAt }: Callback): Dated {
  const latestMs = arrivedAt / MICROS_PER_MS + MAX_AHEAD_MS;
  const requestMs = plausibleMs(timeOf(requestTime), latestMs);
  // No callback is sent before its event.
  const toldMs = requestMs === undefined ? latestMs : requestMs + 1000;
  const eventMs = plausibleMs(read(body, FIELDS.eventTime), toldMs);
  if (eventMs !== undefined) return { at: eventMs * MICROS_PER_MS, precision: PRECISION.eventTime };
  return requestMs === undefined
    ? { at: arrivedAt, precision: PRECISION.arrival }
    : { at: requestMs * MICROS_PER_MS, precision: PRECISION.requestTime };
}
