import { mkdir, readdir, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { GroupCommit } from '../batching/group-commit.js';
import { atMost } from '../database/at-most.js';
import { Metrics } from '../metrics/metrics.js';
import { codeOf } from './error-code.js';
import type { SpoolRecord } from './record.js';
import { type Appended, isSegmentName, Segment } from './segment.js';

/** The spool holds as much as SPOOL_MAX_BYTES allows. */
export class SpoolFullError extends Error {
  readonly code = 'SPOOL_FULL';
}

/** Returns the unusable ones. */
type Take = (records: readonly SpoolRecord[]) => Promise<readonly SpoolRecord[]>;

const MAX_BATCH = 1000;
const MAX_QUEUE = 10_000;
// Of a disk that hangs when the process stops: what it has not written was not answered.
const CLOSE_MS = 1_500;
// Of a disk that hangs when it is asked for its room.
const STATFS_MS = 500;
// Small enough that what is applied is soon removed, large enough that files are few.
const SEGMENT_BYTES = 8 * 1024 * 1024;
// What an operator has to look at: set aside here, or written by a release before the first.
const SET_ASIDE = /^(damaged|refused)-.*\.(log|bin)$|\.spool$/;

/**
 * Callbacks that PostgreSQL could not take, in files under DATA_DIR. A record is there once `append` has resolved,
 * also after `kill -9` and power loss, until `drain` has handed it on. A file that was handed on only in part is
 * handed on again: who takes records must bear repetition. Several processes may share a DATA_DIR.
 */
@Injectable()
export class Spool implements OnApplicationShutdown {
  private readonly logger = new Logger('Spool');
  private readonly directory: string;
  readonly maxBytes: number;
  /** Unreadable records since the start, and files that need an operator now. */
  damaged = 0;
  setAsideFiles = 0;
  private readonly appends = new GroupCommit<SpoolRecord, Appended>({
    commit: (records) => this.write(records),
    isItemFault: () => false,
    maxBatch: MAX_BATCH,
    maxQueue: MAX_QUEUE,
  });
  /** Oldest first. */
  private segments: readonly Segment[] = [];
  /** One of them, the one that is written to. */
  private current: Segment | null = null;
  private scan: Promise<void> | null = null;
  private draining: Promise<unknown> | null = null;
  private isClosed = false;
  private isDrainingStopped = false;
  /** What was logged already of a path that cannot be read. */
  private readonly complaints = new Map<string, string>();

  constructor(
    settings: Settings,
    private readonly metrics: Metrics,
  ) {
    this.directory = join(settings.dataDir, 'spool');
    this.maxBytes = settings.spoolMaxBytes;
    metrics.spoolMaxBytes.set(this.maxBytes);
    metrics.onScrape(async () => {
      metrics.spoolRecords.set(this.length);
      metrics.spoolBytes.set(this.bytes);
      metrics.spoolFreeBytes.set(await this.freeBytes());
    });
  }

  /** How many records wait. */
  get length(): number {
    return this.segments.reduce((total, { waiting }) => total + waiting, 0);
  }

  get bytes(): number {
    return this.segments.reduce((total, { bytes }) => total + bytes, 0);
  }

  /** How many bytes it can still take: what SPOOL_MAX_BYTES allows, or the disk where that has less. */
  async freeBytes(): Promise<number> {
    const allowed = Math.max(0, this.maxBytes - this.bytes);
    let free = allowed;
    const ask = async (): Promise<void> => {
      // The directory is made with the first record.
      const disk = await statfs(this.directory).catch(() => statfs(dirname(this.directory)));
      free = Math.min(allowed, disk.bavail * disk.bsize);
    };
    await atMost(
      STATFS_MS,
      ask().catch(() => undefined),
    );
    return free;
  }

  /** Takes over what processes left that have ended. Never throws: what cannot be read is logged. */
  async adopt(): Promise<void> {
    this.scan ??= this.adoptAbandoned().finally(() => (this.scan = null));
    await this.scan;
  }

  /**
   * Resolves when the record is on disk.
   * @throws SpoolFullError, QueueFullError or the error of the file system; nothing is promised then.
   */
  async append(record: SpoolRecord): Promise<void> {
    const result = await this.appends.submit(record);
    if (result !== true) throw result.error;
  }

  /** Takes back a record that is not being written yet: its `append` is then never settled. */
  withdraw(record: SpoolRecord): void {
    this.appends.withdraw(record);
  }

  /**
   * Hands on what waits, oldest first, and forgets each file that was taken whole. Stops at the first error of
   * `take`, and where records are still being written. `take` returns unusable records; they are set aside.
   * @returns how many were taken.
   */
  async drain(take: Take): Promise<number> {
    const draining = this.drainSegments(take).finally(() => (this.draining = null));
    this.draining = draining.catch(() => undefined);
    return draining;
  }

  /** Hands on no further piece; appends still work. */
  stopDraining(): void {
    this.isDrainingStopped = true;
  }

  async onApplicationShutdown(): Promise<void> {
    this.isClosed = true;
    this.stopDraining();
    if (!(await atMost(CLOSE_MS, this.close()))) {
      this.logger.warn('the spool is left open: its disk, or PostgreSQL, does not answer');
    }
  }

  private async close(): Promise<void> {
    await this.appends.idle();
    await this.scan;
    await this.draining;
    this.current = null;
    await Promise.all(this.segments.map((segment) => segment.close()));
  }

  private async drainSegments(take: Take): Promise<number> {
    let taken = 0;
    // The list is replaced when it changes, so this one stays as it is.
    for (const segment of this.segments) {
      for (let piece = await segment.read(); piece; piece = await segment.read()) {
        if (this.isDrainingStopped) return taken;
        const refused = piece.records.length > 0 ? await take(piece.records) : [];
        segment.advance(piece, refused.length);
        taken += piece.records.length - refused.length;
      }
      // Nothing is awaited between the question and the answer, so no append can begin.
      if (segment.isAppending || !segment.isDone) continue;
      if (segment === this.current) this.current = null;
      this.segments = this.segments.filter((other) => other !== segment);
      await this.retire(segment);
    }
    return taken;
  }

  private async write(records: readonly SpoolRecord[]): Promise<Appended[]> {
    const full = { error: new SpoolFullError('the spool is full: see SPOOL_MAX_BYTES') };
    let { bytes } = this;
    const fitting = records.filter(({ body, query }) => {
      const next = bytes + body.length + query.length + OVERHEAD_BYTES;
      if (next > this.maxBytes) return false;
      bytes = next;
      return true;
    });
    const results = fitting.length > 0 ? await this.writeFitting(fitting) : [];
    const byRecord = new Map(fitting.map((record, index) => [record, results[index]]));
    return records.map((record) => byRecord.get(record) ?? full);
  }

  private async writeFitting(records: readonly SpoolRecord[]): Promise<Appended[]> {
    // A segment that is there is not awaited: `drain` could remove it in between.
    const segment = this.current ?? (await this.create());
    if (segment !== this.current) {
      this.current = segment;
      this.segments = [...this.segments, segment];
    }
    try {
      return await segment.append(records);
    } finally {
      const isFull = segment.bytes >= Math.min(SEGMENT_BYTES, this.maxBytes / 4);
      if (segment.isBroken || isFull) this.current = null;
    }
  }

  private async create(): Promise<Segment> {
    const made = await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const parents = made === undefined ? [] : [dirname(this.directory)];
    return Segment.create(this.directory, [this.directory, ...parents]);
  }

  private async retire(segment: Segment): Promise<void> {
    this.damaged += segment.lost;
    this.metrics.spoolDamaged.inc(segment.lost);
    try {
      const word = await segment.retire();
      if (word) this.logger[word.level](word.msg);
    } catch (error) {
      // It stays locked, so nobody applies it again and again; a next start does once.
      this.logger.error({ msg: `${segment.path} is applied but cannot be removed`, err: error });
    }
  }

  private async adoptAbandoned(): Promise<void> {
    let unreadable = 0;
    const names = await readdir(this.directory).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return [];
      this.complain(this.directory, error);
      unreadable += 1;
      return [];
    });
    const own = new Set(this.segments.map(({ path }) => path));
    for (const name of names.toSorted()) {
      const path = join(this.directory, name);
      if (SET_ASIDE.test(name)) unreadable += 1;
      if (name.endsWith('.spool')) {
        this.complain(
          path,
          new Error('a file in the form of an earlier build, which is not read any more'),
        );
      }
      if (this.isClosed || !isSegmentName(name) || own.has(path)) continue;
      try {
        await this.adoptOne(path);
      } catch (error) {
        if (codeOf(error) === 'ENOENT') continue;
        unreadable += 1;
        this.complain(path, error);
      }
    }
    this.setAsideFiles = unreadable;
    this.metrics.spoolSetAside.set(unreadable);
  }

  private async adoptOne(path: string): Promise<void> {
    const segment = await Segment.adopt(path);
    if (!segment) return;
    if (segment.isDone) {
      await this.retire(segment);
      return;
    }
    this.logger.warn(`callbacks of an earlier run in ${path}: ${segment.waiting}`);
    this.segments = [...this.segments, segment].toSorted((one, other) =>
      one.path < other.path ? -1 : 1,
    );
  }

  /** Says it once, and again when it is another error. */
  private complain(path: string, error: unknown): void {
    const what = String(error);
    if (this.complaints.get(path) === what) return;
    this.complaints.set(path, what);
    this.logger.error({
      msg: `${path} cannot be read; callbacks in it are not applied`,
      err: error,
    });
  }
}

// Of a record beside its body and query: head, id, time, names.
const OVERHEAD_BYTES = 128;
