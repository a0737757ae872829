// The form of the spool's files: records one after the other, each with its length and checksum, so
// that a record torn by a crash is known as such.
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

const HEAD_BYTES = 12;
// The lengths, which stand before the checksum.
const CHECKED_BYTES = 8;

/** `[length of all after the head][length of the meta data][crc32 of all but itself][meta][body]`. */
export function encodeRecord({ id, arrivedAt, query, body }: SpoolRecord): Buffer {
  const meta = Buffer.from(JSON.stringify({ id, arrivedAt, query }));
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(meta.length + body.length, 0);
  head.writeUInt32LE(meta.length, 4);
  head.writeUInt32LE(
    crc32(body, crc32(meta, crc32(head.subarray(0, CHECKED_BYTES)))),
    CHECKED_BYTES,
  );
  return Buffer.concat([head, meta, body]);
}

/** The records of a file up to the first that is torn or damaged, and whether there is one. */
export function decodeRecords(bytes: Buffer): { records: SpoolRecord[]; isTorn: boolean } {
  const records: SpoolRecord[] = [];
  let offset = 0;
  while (offset + HEAD_BYTES <= bytes.length) {
    const end = offset + HEAD_BYTES + bytes.readUInt32LE(offset);
    const payload = bytes.subarray(offset + HEAD_BYTES, end);
    const metaLength = bytes.readUInt32LE(offset + 4);
    const checksum = crc32(payload, crc32(bytes.subarray(offset, offset + CHECKED_BYTES)));
    if (end > bytes.length || checksum !== bytes.readUInt32LE(offset + CHECKED_BYTES)) break;
    const meta: unknown = JSON.parse(payload.subarray(0, metaLength).toString());
    if (!isMeta(meta)) break;
    records.push({ ...meta, body: payload.subarray(metaLength) });
    offset = end;
  }
  return { records, isTorn: offset < bytes.length };
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
