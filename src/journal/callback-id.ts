// The ids of callbacks: UUIDs that order by the time of arrival, in microseconds since 1970. Pure.
import { randomUUID } from 'node:crypto';

const MICROS_PER_MS = 1000;

let lastArrival: number = 0;

/** Now, and later than every arrival before: so that what carries no time keeps its order. */
export function nextArrival(): number {
  lastArrival = Math.max(lastArrival + 1, Date.now() * MICROS_PER_MS);
  return lastArrival;
}

// No two arrivals of a process share a time, so what follows it only has to tell processes apart.
const PROCESS = randomUUID().slice(19);

const EARLIEST = '0000-000000000000';
// The last that 60 bits hold, as a double.
const LATEST_ARRIVAL = 2 ** 60 - 128;

/** A UUID (version 8 of RFC 9562) whose order is that of the arrival: its first bits are the time. */
export function callbackId(arrivedAt: number): string {
  return withTime(arrivedAt, PROCESS);
}

/** No id of an arrival at that time or later is smaller, and every id of an earlier one is. Takes any time. */
export function earliestId(arrivedAt: number): string {
  return withTime(Math.min(Math.max(arrivedAt, 0), LATEST_ARRIVAL), EARLIEST);
}

function withTime(arrivedAt: number, rest: string): string {
  const time = arrivedAt.toString(16).padStart(15, '0');
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-8${time.slice(12)}-${rest}`;
}

/** The time of arrival in an id of `callbackId`. */
export function arrivalOf(id: string): number {
  const hex = id.replaceAll('-', '');
  return parseInt(hex.slice(0, 12) + hex.slice(13, 16), 16);
}
