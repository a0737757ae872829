import { randomUUID } from 'node:crypto';
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
} from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { GroupCommit } from '../database/group-commit.js';
import { decodeRecords, encodeRecord, type SpoolRecord } from './record.js';

/** The spool holds as much as SPOOL_MAX_BYTES allows. */
export class SpoolFullError extends Error {
  readonly code = 'SPOOL_FULL';
}

const MAX_BATCH = 1000;
const MAX_QUEUE = 10_000;
const CHUNK = 256;
// A living process touches its files this often; after ABANDONED_MS without, they are anybody's.
const TOUCH_MS = 10_000;
const ABANDONED_MS = 60_000;

interface Segment {
  readonly path: string;
  readonly bytes: number;
  readonly records: number;
}

/**
 * Callbacks that PostgreSQL could not take, in files under DATA_DIR. A record is there once `append`
 * has resolved, also after `kill -9` and power loss, until `drain` has handed it on. A file that was
 * handed on only in part is handed on again: who takes records must bear repetition.
 */
@Injectable()
export class Spool implements OnApplicationShutdown {
  private readonly logger = new Logger('Spool');
  private readonly directory: string;
  readonly maxBytes: number;
  private readonly appends = new GroupCommit<SpoolRecord, true>({
    commit: (records) => this.write(records),
    isItemFault: () => false,
    maxBatch: MAX_BATCH,
    maxQueue: MAX_QUEUE,
  });
  /** Closed files, oldest first. */
  private segments: Segment[] = [];
  private current: { readonly file: FileHandle; segment: Segment } | null = null;
  private touching: NodeJS.Timeout | undefined;

  constructor(settings: Settings) {
    this.directory = join(settings.dataDir, 'spool');
    this.maxBytes = settings.spoolMaxBytes;
  }

  /** How many records wait. */
  get length(): number {
    return this.sum('records');
  }

  get bytes(): number {
    return this.sum('bytes');
  }

  /** Finds what earlier processes left. */
  async open(): Promise<void> {
    for (const name of await this.names()) {
      if (!(await this.isAbandoned(name))) continue;
      const claimed = join(this.directory, this.nameFor(name.split('.')[0] ?? ''));
      await rename(join(this.directory, name), claimed);
      const { records } = decodeRecords(await readFile(claimed));
      this.segments.push({
        path: claimed,
        bytes: (await stat(claimed)).size,
        records: records.length,
      });
    }
    if (this.length > 0) this.logger.warn(`${this.length} callbacks of an earlier run wait`);
  }

  /**
   * Resolves when the record is on disk.
   * @throws SpoolFullError, QueueFullError or the error of the file system; nothing is promised then.
   */
  async append(record: SpoolRecord): Promise<void> {
    await this.appends.submit(record);
  }

  /**
   * Hands on what waits, oldest first, and forgets each file that was taken whole. Stops at the
   * first error of `take`. `take` returns what it cannot use; that is set aside in a file.
   */
  async drain(
    take: (records: readonly SpoolRecord[]) => Promise<readonly SpoolRecord[]>,
  ): Promise<void> {
    await this.closeCurrent();
    for (let segment = this.segments[0]; segment; segment = this.segments[0]) {
      const { records, isTorn } = decodeRecords(await readFile(segment.path));
      if (isTorn)
        this.logger.warn(`the last record of ${segment.path} was torn and never answered`);
      for (let from = 0; from < records.length; from += CHUNK) {
        await this.setAside(await take(records.slice(from, from + CHUNK)));
      }
      this.segments.shift();
      await rm(segment.path);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.appends.idle();
    await this.closeCurrent();
  }

  private async write(records: readonly SpoolRecord[]): Promise<true[]> {
    const bytes = Buffer.concat(records.map(encodeRecord));
    if (this.bytes + bytes.length > this.maxBytes) {
      throw new SpoolFullError('the spool is full: see SPOOL_MAX_BYTES');
    }
    this.current ??= await this.create();
    const { file, segment } = this.current;
    try {
      await file.writev([bytes], segment.bytes);
      await file.datasync();
    } catch (error) {
      // What was written in part must not stand in front of later records.
      await this.closeCurrent();
      throw error;
    }
    this.current.segment = {
      ...segment,
      bytes: segment.bytes + bytes.length,
      records: segment.records + records.length,
    };
    return records.map(() => true);
  }

  private async create(): Promise<{ file: FileHandle; segment: Segment }> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const path = join(this.directory, this.nameFor(`${Date.now()}-${randomUUID()}`));
    const file = await open(path, 'wx', 0o600);
    // The name of a new file is on disk only when its directory is.
    const directory = await open(this.directory, 'r');
    await directory.sync().finally(() => directory.close());
    this.touching ??= setInterval(() => void this.touch(), TOUCH_MS).unref();
    return { file, segment: { path, bytes: 0, records: 0 } };
  }

  private async closeCurrent(): Promise<void> {
    const { current } = this;
    this.current = null;
    if (!current) return;
    clearInterval(this.touching);
    this.touching = undefined;
    const isEmpty = current.segment.records === 0;
    // At once: what waits is counted at any moment.
    if (!isEmpty) this.segments.push(current.segment);
    await current.file.close();
    if (isEmpty) await rm(current.segment.path, { force: true });
  }

  private async touch(): Promise<void> {
    const now = new Date();
    for (const { path } of this.all()) await utimes(path, now, now).catch(() => undefined);
  }

  private async setAside(records: readonly SpoolRecord[]): Promise<void> {
    if (records.length === 0) return;
    const path = join(this.directory, `refused-${Date.now()}.bin`);
    const file = await open(path, 'a', 0o600);
    try {
      await file.write(Buffer.concat(records.map(encodeRecord)));
      await file.datasync();
    } finally {
      await file.close();
    }
    this.logger.error(`${records.length} callbacks cannot be applied; they were put into ${path}`);
  }

  private async names(): Promise<string[]> {
    const names = await readdir(this.directory).catch(() => []);
    return names.filter((name) => name.endsWith('.spool')).toSorted();
  }

  /** `<time of creation>-<uuid>.<pid>@<host>.spool` */
  private nameFor(stem: string): string {
    return `${stem}.${process.pid}@${hostname().replaceAll('.', '_')}.spool`;
  }

  /** Whether the process that wrote a file is gone: seen by its id on this host, else by its silence. */
  private async isAbandoned(name: string): Promise<boolean> {
    const [, pid, host] = /\.(\d+)@(.*)\.spool$/.exec(name) ?? [];
    if (host === hostname().replaceAll('.', '_')) {
      return Number(pid) === process.pid || !isRunning(Number(pid));
    }
    const { mtimeMs } = await stat(join(this.directory, name));
    return Date.now() - mtimeMs > ABANDONED_MS;
  }

  private all(): Segment[] {
    return this.current ? [...this.segments, this.current.segment] : this.segments;
  }

  private sum(what: 'bytes' | 'records'): number {
    return this.all().reduce((total, segment) => total + segment[what], 0);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EPERM';
  }
}
