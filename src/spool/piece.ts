// Reads a segment in pieces, so that its size costs no memory, and goes on behind what is damaged.
import type { FileHandle } from 'node:fs/promises';
import { codeOf } from './error-code.js';
import { decodeHead, decodePayload, findHead, HEAD_BYTES, type SpoolRecord } from './record.js';

const WINDOW_BYTES = 1024 * 1024;
const MAX_RECORDS = 256;
const SECTOR_BYTES = 4096;

export interface Source {
  readonly file: FileHandle;
  readonly marker: Buffer;
  /** Where the part ends that is to be read. */
  readonly end: number;
}

export interface Position {
  readonly offset: number;
  /** Of the record that is expected there. */
  readonly ordinal: number;
}

export interface Piece {
  readonly records: readonly SpoolRecord[];
  readonly next: Position;
  /** Records between the two positions that cannot be read. */
  readonly lost: number;
  readonly isDamaged: boolean;
  /** Bytes of a record that was being written when its process or the machine went down. */
  readonly tornBytes: number;
}

/** The records from a position on, about 1 MiB of them; `null` behind the last. */
export async function readPiece(source: Source, from: Position): Promise<Piece | null> {
  if (from.offset >= source.end) return null;
  const first = await readAt(source.file, from.offset, Math.min(WINDOW_BYTES, rest(source, from)));
  const head = decodeHead(source.marker, first, 0);
  const bytes = head ? HEAD_BYTES + head.payloadBytes : 0;
  if (bytes <= first.length) return scan(source, from, first);
  if (bytes <= rest(source, from)) {
    return scan(source, from, await readAt(source.file, from.offset, bytes));
  }
  const next = { offset: source.end, ordinal: from.ordinal };
  return { records: [], next, lost: 0, isDamaged: false, tornBytes: rest(source, from) };
}

/** How many records a segment holds, by the number of its last one; one, if that cannot be found. */
export async function countRecords({ file, marker, end }: Source): Promise<number> {
  for (let upTo = end; upTo > 0;) {
    const from = Math.max(0, upTo - WINDOW_BYTES);
    // A head may stand across the border of two windows.
    const window = await readAt(file, from, Math.min(end, upTo + HEAD_BYTES) - from);
    for (let at = window.length; at > 0;) {
      at = window.lastIndexOf(marker, at - 1);
      const head = at < 0 ? null : decodeHead(marker, window, at);
      if (head) return head.ordinal + 1;
    }
    upTo = from;
  }
  return end > 0 ? 1 : 0;
}

function rest({ end }: Source, { offset }: Position): number {
  return end - offset;
}

function scan(source: Source, from: Position, window: Buffer): Piece {
  const isLast = window.length >= rest(source, from);
  const records: SpoolRecord[] = [];
  let { ordinal } = from;
  let lost = 0;
  let isDamaged = false;
  let at = 0;
  const piece = (offset: number, tornBytes = 0): Piece => {
    return { records, next: { offset: from.offset + offset, ordinal }, lost, isDamaged, tornBytes };
  };
  while (at < window.length && records.length < MAX_RECORDS) {
    const head = decodeHead(source.marker, window, at);
    const end = at + HEAD_BYTES + (head?.payloadBytes ?? 0);
    if (end > window.length) {
      return isLast ? piece(window.length, window.length - at) : piece(at);
    }
    if (head) {
      const record = decodePayload(head, window.subarray(at + HEAD_BYTES, end));
      lost += Math.max(0, head.ordinal - ordinal) + (record ? 0 : 1);
      isDamaged ||= !record || head.ordinal !== ordinal;
      if (record) records.push(record);
      ordinal = head.ordinal + 1;
      at = end;
      continue;
    }
    const found = findHead(source.marker, window, at + 1);
    if (found < 0 && isLast && isZero(window, at)) return piece(window.length, window.length - at);
    isDamaged = true;
    if (found < 0 && isLast) lost += 1;
    // The next head holds their number.
    if (found < 0) return piece(isLast ? window.length : window.length - HEAD_BYTES + 1);
    at = found;
  }
  return piece(at);
}

/** After a power failure a file may be longer than what was written; the rest reads as zeros. */
function isZero(bytes: Buffer, from: number): boolean {
  return bytes.subarray(from).every((byte) => byte === 0);
}

/** What the disk cannot read any more is filled up, and then found to be damaged. */
async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  // Not from the pool of Node.js: the bodies live as long as their commit.
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let done = 0; done < length;) {
    try {
      const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
      if (bytesRead === 0) return bytes.fill(0, done);
      done += bytesRead;
    } catch (error) {
      if (codeOf(error) !== 'EIO') throw error;
      done = await readSector(file, bytes, done, offset);
    }
  }
  return bytes;
}

/** @returns how far `bytes` is filled after one sector that could or could not be read. */
async function readSector(
  file: FileHandle,
  bytes: Buffer,
  done: number,
  offset: number,
): Promise<number> {
  const border = SECTOR_BYTES - ((offset + done) % SECTOR_BYTES);
  const end = Math.min(bytes.length, done + border);
  const read = await file.read(bytes, done, end - done, offset + done).catch(() => null);
  if (read === null) bytes.fill(0xff, done, end);
  return read?.bytesRead ? done + read.bytesRead : end;
}
