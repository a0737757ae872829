import { randomUUID } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import {
  appendFile,
  type FileHandle,
  mkdir,
  mkdtemp,
  open as openFile,
  readdir,
  readFile,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { parseSettings } from '../../src/config/settings.js';
import { Metrics } from '../../src/metrics/metrics.js';
import { readPiece } from '../../src/spool/piece.js';
import type { SpoolRecord } from '../../src/spool/record.js';
import { Spool, SpoolFullError } from '../../src/spool/spool.js';

const MIB = 1024 * 1024;
jest.setTimeout(90_000);
const SMALL_DISK = join(tmpdir(), `topic-mirror-small-disk-${randomUUID()}`);
const SMALL_DISK_BYTES = 2 * MIB;
let dataDir: string;
let directory: string;
let metrics: Metrics;
let spools: Spool[];
let log: string[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'topic-mirror-spool-'));
  directory = join(dataDir, 'spool');
  metrics = new Metrics();
  spools = [];
  log = [];
  const write = (level: string) => (line: unknown) => {
    log.push(`${level} ${typeof line === 'string' ? line : JSON.stringify(line)}`);
  };
  Logger.overrideLogger({ log: write('log'), warn: write('warn'), error: write('error') });
});
afterEach(async () => {
  for (const spool of spools) await spool.onApplicationShutdown();
  await rm(dataDir, { recursive: true, force: true });
});

function record(index: number, body = Buffer.from([0, 255, index, 10, 13])): SpoolRecord {
  const arrivedAt = 1_700_000_000_000_000 + index;
  return { id: randomUUID(), arrivedAt, query: `OptPlatform=RESTAPI&n=${index}`, body };
}

async function open(env: Record<string, string> = {}): Promise<Spool> {
  const spool = new Spool(parseSettings({ DATA_DIR: dataDir, ...env }), metrics);
  spools.push(spool);
  await spool.adopt();
  return spool;
}

/** As if the process had died: its locks are gone, its files are there. */
async function leave(spool: Spool): Promise<string> {
  await spool.onApplicationShutdown();
  const [name = ''] = await readdir(directory);
  return join(directory, name);
}

async function drain(spool: Spool): Promise<SpoolRecord[]> {
  const taken: SpoolRecord[] = [];
  await spool.drain((records) => {
    taken.push(...records);
    return Promise.resolve([]);
  });
  return taken;
}

async function left(records: readonly SpoolRecord[]): Promise<string> {
  const spool = await open();
  await Promise.all(records.map((each) => spool.append(each)));
  return leave(spool);
}

const damaged = async () => (await metrics.spoolDamaged.get()).values[0]?.value;

describe('the spool', () => {
  it('hands on what was appended, in its order, and forgets it', async () => {
    const spool = await open();
    const records = Array.from({ length: 600 }, (_, index) => record(index % 200));
    await Promise.all(records.map((one) => spool.append(one)));
    expect(spool.length).toBe(600);
    expect(await drain(spool)).toEqual(records);
    expect(spool.length).toBe(0);
    expect(spool.bytes).toBe(0);
    expect(await readdir(directory)).toEqual([]);
  });

  it('hands on the same again when it was not taken', async () => {
    const spool = await open();
    const records = [record(1), record(2)];
    for (const one of records) await spool.append(one);
    await expect(spool.drain(() => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(spool.length).toBe(2);
    expect(await drain(spool)).toEqual(records);
  });

  it('keeps what is appended while it is drained, however the two meet', async () => {
    const spool = await open();
    const records = Array.from({ length: 400 }, (_, index) => record(index));
    const taken: SpoolRecord[] = [];
    const appending = (async () => {
      for (const one of records) await spool.append(one);
    })();
    while (taken.length < records.length) {
      taken.push(...(await drain(spool)));
      await new Promise(setImmediate);
    }
    await appending;
    expect(taken).toEqual(records);
    expect(await readdir(directory)).toEqual([]);
  });

  it('makes no file per moment: 30,000 records, many of them between vain attempts to drain', async () => {
    const spool = await open();
    const body = Buffer.alloc(200, 'x');
    for (let turn = 0; turn < 60; turn += 1) {
      await Promise.all(
        Array.from({ length: 500 }, (_, index) => spool.append(record(index, body))),
      );
      await expect(spool.drain(() => Promise.reject(new Error('away')))).rejects.toThrow('away');
    }
    expect((await readdir(directory)).length).toBeLessThan(5);
    await spool.onApplicationShutdown();
    const startedAt = performance.now();
    const next = await open();
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(next.length).toBe(30_000);
    expect(await drain(next)).toHaveLength(30_000);
  });

  it('refuses more than its bound, that record alone, and keeps what it has', async () => {
    const spool = await open({ SPOOL_MAX_BYTES: '1500' });
    const [first, large, last] = [record(1), record(2, Buffer.alloc(1500)), record(3)];
    const ends = await Promise.allSettled([first, large, last].map((one) => spool.append(one)));
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(ends[1]).toMatchObject({ reason: expect.any(SpoolFullError) });
    expect(await drain(spool)).toEqual([first, last]);
  });

  it('sets aside what nobody can use, and says where', async () => {
    const spool = await open();
    const bad = record(1);
    await spool.append(bad);
    await spool.drain(async (records) => records);
    const [name = ''] = await readdir(directory);
    expect(name).toMatch(/^refused-/);
    expect((await readFile(join(directory, name))).includes(bad.body)).toBe(true);
    expect(log.join('\n')).toMatch(/error 1 callback cannot be applied: .*refused-/);
    await spool.adopt();
    expect((await metrics.spoolSetAside.get()).values[0]?.value).toBe(1);
    expect(spool.length).toBe(0);
  });

  it('reads in pieces: memory does not depend on its size', async () => {
    const spool = await open();
    const body = Buffer.alloc(MIB / 2, 'x');
    for (let index = 0; index < 384; index += 1) await spool.append(record(index, body));
    expect(spool.bytes).toBeGreaterThan(192 * MIB);
    const before = process.memoryUsage.rss();
    let most = 0;
    let taken = 0;
    await spool.drain(async (records) => {
      taken += records.length;
      most = Math.max(most, process.memoryUsage.rss());
      return [];
    });
    expect(taken).toBe(384);
    expect(most - before).toBeLessThan(100 * MIB);
  });
});

describe('what a process left that died', () => {
  it('is found by a next one, and by one that runs already', async () => {
    const [dying, living] = [await open(), await open()];
    const records = [record(1), record(2)];
    for (const one of records) await dying.append(one);
    await living.adopt();
    expect(living.length).toBe(0);
    await leave(dying);
    await living.adopt();
    expect(living.length).toBe(2);
    expect(await drain(living)).toEqual(records);
  });

  it('is cut at any byte: what is whole is handed on, the rest was never answered', async () => {
    const records = [record(1), record(2, Buffer.alloc(0)), record(3)];
    const path = await left(records);
    const bytes = await readFile(path);
    const ends = endsOf(bytes);
    for (let length = 0; length <= bytes.length; length += 1) {
      await writeFile(path, bytes.subarray(0, length));
      const spool = await open();
      const whole = ends.filter((end) => end <= length).length;
      expect(await drain(spool)).toEqual(records.slice(0, whole));
      expect(spool.length).toBe(0);
      expect(await readdir(directory)).toEqual([]);
    }
    expect(await damaged()).toBe(0);
  });

  it('is longer than what was written, as after a power failure', async () => {
    const path = await left([record(1), record(2)]);
    await truncate(path, (await readFile(path)).length + 5_000);
    expect(await drain(await open())).toHaveLength(2);
    expect(await readdir(directory)).toEqual([]);
    expect(await damaged()).toBe(0);
  });

  it('is damaged in any bit: all others are handed on, and the file is kept', async () => {
    const records = [1, 2, 3, 4].map((index) => record(index));
    const path = await left(records);
    const bytes = await readFile(path);
    for (let at = 0; at < bytes.length; at += 3) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      await writeFile(path, flipped);
      const before = (await damaged()) ?? 0;
      const taken = await drain(await open());
      expect(taken).toHaveLength(3);
      expect(records).toEqual(expect.arrayContaining(taken));
      expect(((await damaged()) ?? 0) - before).toBe(1);
      const [aside = '', ...others] = await readdir(directory);
      expect(aside).toMatch(/^damaged-/);
      expect(others).toEqual([]);
      expect(await readFile(join(directory, aside))).toEqual(flipped);
      await rm(join(directory, aside));
    }
    expect(log.join('\n')).toMatch(
      /error 1 callback cannot be read: .* was set aside as .*damaged-/,
    );
  });

  it('has a hole of many records: it tells how many are lost', async () => {
    const records = Array.from({ length: 5_000 }, (_, index) => record(index, Buffer.alloc(500)));
    const path = await left(records);
    const bytes = await readFile(path);
    const ends = endsOf(bytes);
    bytes.fill('?', (ends[999] ?? 0) + 10, (ends[3_999] ?? 0) - 10);
    await writeFile(path, bytes);
    const spool = await open();
    expect(spool.length).toBe(5_000);
    expect((await drain(spool)).map(({ id }) => id)).toEqual(
      [...records.slice(0, 1_000), ...records.slice(4_000)].map(({ id }) => id),
    );
    expect(await damaged()).toBe(3_000);
  });

  it('holds records that a sender put into a body: they are no records', async () => {
    const forged = await readFile(await left([record(7)]));
    await rm(directory, { recursive: true });
    const path = await left([record(1, Buffer.concat([forged, Buffer.alloc(50)])), record(2)]);
    const bytes = await readFile(path);
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    await writeFile(path, bytes);
    expect(await drain(await open())).toMatchObject([{ arrivedAt: record(2).arrivedAt }]);
  });

  it('stands on a sector that the disk cannot read any more: all others are read', async () => {
    const records = Array.from({ length: 40 }, (_, index) => record(index, Buffer.alloc(500)));
    const path = await left(records);
    const handle = await openFile(path);
    const read = (bytes: Buffer, at: number, length: number, offset: number) =>
      offset < 12_288 && offset + length > 8_192
        ? Promise.reject(Object.assign(new Error('i/o error'), { code: 'EIO' }))
        : handle.read(bytes, at, length, offset);
    const marker = Buffer.from(/-(\w+)\.log$/.exec(path)?.[1] ?? '', 'hex');
    const source = { file: { read } as FileHandle, marker, end: (await handle.stat()).size };
    const piece = await readPiece(source, { offset: 0, ordinal: 0 });
    await handle.close();
    const lost = piece?.lost ?? 0;
    expect(lost).toBeGreaterThan(5);
    expect(lost).toBeLessThan(10);
    expect(piece?.records).toHaveLength(40 - lost);
  });

  it('cannot be opened, or was written by an earlier build: an error names the path', async () => {
    await mkdir(join(directory, '1-0123456789abcdef.log'), { recursive: true });
    await appendFile(join(directory, '1-x.1@host.spool'), 'old');
    const spool = await open();
    await spool.adopt();
    const errors = log.filter((line) => line.startsWith('error'));
    expect(errors).toHaveLength(2);
    expect(errors.join('\n')).toContain(join(directory, '1-0123456789abcdef.log'));
    expect(errors.join('\n')).toContain(join(directory, '1-x.1@host.spool'));
    expect((await metrics.spoolSetAside.get()).values[0]?.value).toBe(2);
    const good = record(1);
    await spool.append(good);
    expect(await drain(spool)).toEqual([good]);
  });
});

const isMounted = mountSmallDisk();
(isMounted ? describe : describe.skip)('a full disk (takes root)', () => {
  afterAll(async () => {
    if (isMounted) execFileSync('umount', ['--lazy', SMALL_DISK]);
    await rm(SMALL_DISK, { recursive: true, force: true });
  });
  it('takes only what is on disk, refuses the others alone, and goes on when there is room', async () => {
    const spool = await open({ DATA_DIR: SMALL_DISK });
    const records = Array.from({ length: 4_000 }, (_, index) =>
      record(index, Buffer.alloc(1 + ((index * 37) % 2_000), 'x')),
    );
    const kept: SpoolRecord[] = [];
    const refusals: unknown[] = [];
    const attempt = async (each: SpoolRecord) => {
      try {
        await spool.append(each);
        kept.push(each);
      } catch (error) {
        refusals.push(error);
      }
    };
    for (let from = 0; from < records.length; from += 100) {
      await Promise.all(records.slice(from, from + 100).map(attempt));
    }
    const isFull = expect.objectContaining({ code: 'ENOSPC' });
    expect(refusals).toEqual(refusals.map(() => isFull));
    expect(kept.length).toBeGreaterThan(500);
    expect(kept.length).toBeLessThan(4_000);
    // Far less than the settings allow.
    expect(await spool.freeBytes()).toBeLessThan(SMALL_DISK_BYTES / 10);
    // What is drained makes room for what comes.
    const taken = await drain(spool);
    expect(await spool.freeBytes()).toBeGreaterThan(SMALL_DISK_BYTES / 2);
    expect(taken.map(({ id }) => id).toSorted()).toEqual(kept.map(({ id }) => id).toSorted());
    const more = record(1, Buffer.alloc(2_000));
    await spool.append(more);
    await spool.onApplicationShutdown();
    expect(await drain(await open({ DATA_DIR: SMALL_DISK }))).toEqual([more]);
    expect(await damaged()).toBe(0);
  });
});

function mountSmallDisk(): boolean {
  try {
    execFileSync('mkdir', ['-p', SMALL_DISK]);
    const options = ['-t', 'tmpfs', '-o', `size=${SMALL_DISK_BYTES}`, 'tmpfs', SMALL_DISK];
    execFileSync('mount', options, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Where the records end, by the lengths in their heads. */
function endsOf(bytes: Buffer): number[] {
  const ends: number[] = [];
  for (let at = 0; at < bytes.length; ends.push(at)) at += 28 + bytes.readUInt32LE(at + 12);
  return ends;
}
