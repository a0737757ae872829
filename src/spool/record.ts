// The form of one record in a segment. A marker that only this segment uses and two checksums make a
// record recognisable wherever it stands, so that damage costs the records it hits and no others.
import { crc32 } from 'node:zlib';

/** A callback as it came, with all that is needed to handle it later. */
export interface SpoolRecord {
  readonly id: string;
  /** Microseconds since 1970. */
  readonly arrivedAt: number;
  /** Without `Sign`. */
  readonly query: string;
  readonly body: Buffer;
}

export const MARKER_BYTES = 8;
export const HEAD_BYTES = 28;
const CHECKED_BYTES = 24;
// A body has at most 1 MiB, a query what Node.js takes as a request line.
const MAX_PAYLOAD_BYTES = 16 * 1024 * 1024;

/** What stands before the payload. */
export interface Head {
  /** The number of the record in its segment; a gap shows how many are lost. */
  readonly ordinal: number;
  readonly payloadBytes: number;
  readonly metaBytes: number;
  readonly payloadCrc: number;
}

/** `[marker][ordinal][bytes of the payload][bytes of the meta data][crc of the payload][crc of all this][meta][body]`. */
export function encodeRecord(marker: Buffer, ordinal: number, record: SpoolRecord): Buffer {
  const { id, arrivedAt, query, body } = record;
  const meta = Buffer.from(JSON.stringify({ id, arrivedAt, query }));
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + meta.length + body.length);
  marker.copy(bytes);
  bytes.writeUInt32LE(ordinal, 8);
  bytes.writeUInt32LE(meta.length + body.length, 12);
  bytes.writeUInt32LE(meta.length, 16);
  bytes.writeUInt32LE(crc32(body, crc32(meta)), 20);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CHECKED_BYTES)), CHECKED_BYTES);
  meta.copy(bytes, HEAD_BYTES);
  body.copy(bytes, HEAD_BYTES + meta.length);
  return bytes;
}

/** The head at that place, or `null` when there is none, or a damaged one. */
export function decodeHead(marker: Buffer, bytes: Buffer, at: number): Head | null {
  if (at + HEAD_BYTES > bytes.length) return null;
  if (bytes.compare(marker, 0, MARKER_BYTES, at, at + MARKER_BYTES) !== 0) return null;
  const crc = crc32(bytes.subarray(at, at + CHECKED_BYTES));
  if (crc !== bytes.readUInt32LE(at + CHECKED_BYTES)) return null;
  const head = {
    ordinal: bytes.readUInt32LE(at + 8),
    payloadBytes: bytes.readUInt32LE(at + 12),
    metaBytes: bytes.readUInt32LE(at + 16),
    payloadCrc: bytes.readUInt32LE(at + 20),
  };
  return head.payloadBytes <= MAX_PAYLOAD_BYTES && head.metaBytes <= head.payloadBytes
    ? head
    : null;
}

/** The record of a whole payload, or `null` when the payload is damaged. */
export function decodePayload(head: Head, payload: Buffer): SpoolRecord | null {
  if (crc32(payload) !== head.payloadCrc) return null;
  const meta: unknown = JSON.parse(payload.subarray(0, head.metaBytes).toString());
  return isMeta(meta) ? { ...meta, body: payload.subarray(head.metaBytes) } : null;
}

/** The place of the first whole head at `from` or behind, or -1. */
export function findHead(marker: Buffer, bytes: Buffer, from: number): number {
  let at = bytes.indexOf(marker, from);
  while (at >= 0 && !decodeHead(marker, bytes, at)) at = bytes.indexOf(marker, at + 1);
  return at;
}

function isMeta(value: unknown): value is Omit<SpoolRecord, 'body'> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    typeof value.id === 'string' &&
    'arrivedAt' in value &&
    typeof value.arrivedAt === 'number' &&
    'query' in value &&
    typeof value.query === 'string'
  );
}
