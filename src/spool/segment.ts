import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { tryLock } from 'fs-native-extensions';
import { countRecords, type Piece, type Position, readPiece, type Source } from './piece.js';
import { encodeRecord, MARKER_BYTES, type SpoolRecord } from './record.js';

const NAME = /^\d+-([0-9a-f]{16})\.log$/;
const MAX_WRITE_BYTES = 1024 * 1024;
const CREATE_ATTEMPTS = 5;

/** Whether a file of that name is a segment which is to be applied. */
export function isSegmentName(name: string): boolean {
  return NAME.test(name);
}

/** Whether a record is on disk, or why not. */
export type Appended = true | { readonly error: unknown };

/** Another process holds the lock of a file that was just created. */
class NotOwnedError extends Error {
  readonly code = 'NOT_OWNED';
}

/**
 * One file of the spool. The holder of its lock owns it, and the kernel releases the lock when the owner dies:
 * no process id, host name or time stamp decides. The marker of its records is in its name, so no header can be damaged.
 */
export class Segment {
  private position: Position = { offset: 0, ordinal: 0 };
  private damagedRecords = 0;
  private refusedRecords = 0;
  private isDamaged = false;
  private tornBytes = 0;
  private isClosed = false;
  /** Nothing may be appended any more: what stands behind `end` is unknown. */
  isBroken = false;
  isAppending = false;

  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    /** What is behind is not on disk for certain. */
    private end: number,
    private total: number,
    /** Directories whose names of this file are not on disk; they are synced with the first record. */
    private unsynced: readonly string[],
  ) {}

  /** @param unsynced directories with a new name in them. */
  static async create(directory: string, unsynced: readonly string[]): Promise<Segment> {
    for (let attempt = 1; ; attempt += 1) {
      const name = `${Date.now()}-${randomBytes(MARKER_BYTES).toString('hex')}.log`;
      const file = await open(join(directory, name), 'wx+', 0o600);
      try {
        // Another process that looks for abandoned files may have been faster.
        if (!tryLock(file.fd)) throw new NotOwnedError(`${name} is locked by another process`);
        return new Segment(join(directory, name), file, 0, 0, unsynced);
      } catch (error) {
        await file.close();
        if (!(error instanceof NotOwnedError) || attempt === CREATE_ATTEMPTS) throw error;
      }
    }
  }

  /**
   * Takes over what a process left that has ended.
   * @returns `null` while its owner lives, and when it is no longer there.
   */
  static async adopt(path: string): Promise<Segment | null> {
    const file = await open(path, 'r+');
    let isKept = false;
    try {
      if (!tryLock(file.fd)) return null;
      const [{ ino, size: end }, named] = await Promise.all([
        file.stat(),
        stat(path).catch(() => null),
      ]);
      // Its owner removed or renamed it between `open` and `tryLock`.
      if (named?.ino !== ino) return null;
      const total = await countRecords({ file, marker: markerOf(path), end });
      isKept = true;
      return new Segment(path, file, end, total, []);
    } finally {
      if (!isKept) await file.close();
    }
  }

  get bytes(): number {
    return this.end;
  }

  /** How many records wait. */
  get waiting(): number {
    return this.isDone ? 0 : Math.max(1, this.total - this.position.ordinal);
  }

  get isDone(): boolean {
    return this.position.offset >= this.end;
  }

  /** Records that could not be read. */
  get lost(): number {
    return this.isDamaged ? Math.max(1, this.damagedRecords) : 0;
  }

  /**
   * Writes records and syncs them.
   * @returns for each whether it is on disk, or why not. After an error the file ends behind the last that is.
   * @throws when the file could not be synced: then nothing is known of any of them.
   */
  async append(records: readonly SpoolRecord[]): Promise<Appended[]> {
    this.isAppending = true;
    try {
      const encoded = records.map((record, index) =>
        encodeRecord(markerOf(this.path), this.total + index, record),
      );
      const { written, failure } = await this.write(encoded);
      let whole = 0;
      let bytes = 0;
      for (const each of encoded) {
        if (bytes + each.length > written) break;
        bytes += each.length;
        whole += 1;
      }
      if (whole > 0) await this.sync();
      this.end += bytes;
      this.total += whole;
      if (failure) await this.file.truncate(this.end).catch(() => (this.isBroken = true));
      return records.map((_, index) => (index < whole || !failure ? true : failure));
    } catch (error) {
      this.isBroken = true;
      throw error;
    } finally {
      this.isAppending = false;
    }
  }

  /** What waits next, `null` at the end; the same again until `advance`. */
  async read(): Promise<Piece | null> {
    return readPiece(this.source(), this.position);
  }

  /** A piece was handed on; so many of its records were unusable. */
  advance(piece: Piece, refused: number): void {
    this.position = piece.next;
    this.damagedRecords += piece.lost;
    this.isDamaged ||= piece.isDamaged;
    this.tornBytes += piece.tornBytes;
    this.refusedRecords += refused;
  }

  /**
   * Removes the file, or sets it aside under another name when it holds what could not be applied.
   * @returns what the log is to say of it, `null` if nothing.
   */
  async retire(): Promise<{ readonly level: 'error' | 'warn'; readonly msg: string } | null> {
    const { path, lost, refusedRecords, tornBytes } = this;
    const reasons = [
      ...(lost > 0 ? [`${callbacks(lost)} cannot be read`] : []),
      ...(refusedRecords > 0 ? [`${callbacks(refusedRecords)} cannot be applied`] : []),
    ];
    if (reasons.length > 0) {
      const aside = join(dirname(path), `${lost > 0 ? 'damaged' : 'refused'}-${basename(path)}`);
      await rename(path, aside);
      await syncDirectory(dirname(path));
      await this.close();
      return { level: 'error', msg: `${reasons.join(', ')}: ${path} was set aside as ${aside}` };
    }
    await unlink(path);
    await this.close();
    return tornBytes === 0
      ? null
      : {
          level: 'warn',
          msg: `${path} ended in ${tornBytes} bytes of a record that nobody was answered`,
        };
  }

  /** Lets go of the file; another process may take it over. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    await this.file.close();
  }

  private async sync(): Promise<void> {
    await Promise.all([this.file.datasync(), ...this.unsynced.map(syncDirectory)]);
    this.unsynced = [];
  }

  private source(): Source {
    return { file: this.file, marker: markerOf(this.path), end: this.end };
  }

  private async write(
    encoded: readonly Buffer[],
  ): Promise<{ written: number; failure?: { error: unknown } }> {
    let written = 0;
    try {
      for (const bytes of portions(encoded)) {
        for (let done = 0; done < bytes.length;) {
          const left = bytes.length - done;
          const { bytesWritten } = await this.file.write(bytes, done, left, this.end + written);
          if (bytesWritten === 0) throw new Error('the disk took nothing');
          done += bytesWritten;
          written += bytesWritten;
        }
      }
      return { written };
    } catch (error) {
      return { written, failure: { error } };
    }
  }
}

function markerOf(path: string): Buffer {
  return Buffer.from(NAME.exec(basename(path))?.[1] ?? '', 'hex');
}

/** Joined to writes of a moderate size. */
function* portions(encoded: readonly Buffer[]): Generator<Buffer> {
  let some: Buffer[] = [];
  let bytes = 0;
  for (const each of encoded) {
    if (bytes > 0 && bytes + each.length > MAX_WRITE_BYTES) {
      yield Buffer.concat(some);
      some = [];
      bytes = 0;
    }
    some.push(each);
    bytes += each.length;
  }
  yield Buffer.concat(some);
}

/** The name of a file is on disk only when its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  await directory.sync().finally(() => directory.close());
}

function callbacks(count: number): string {
  return count === 1 ? '1 callback' : `${count} callbacks`;
}
