import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseSettings } from '../src/config/settings.js';
import { decodeRecords, encodeRecord, type SpoolRecord } from '../src/spool/record.js';
import { Spool, SpoolFullError } from '../src/spool/spool.js';

function record(index: number): SpoolRecord {
  return {
    id: randomUUID(),
    arrivedAt: 1_700_000_000_000_000 + index,
    query: `OptPlatform=RESTAPI&n=${index}`,
    body: Buffer.from([0, 255, index, 10, 13]),
  };
}

describe('the records of the spool', () => {
  it('come back as they were, torn at any byte without the last one', () => {
    const records = [record(1), { ...record(2), body: Buffer.alloc(0) }, record(3)];
    const bytes = Buffer.concat(records.map(encodeRecord));
    expect(decodeRecords(bytes)).toEqual({ records, isTorn: false });
    const firstTwo =
      encodeRecord(records[0] ?? record(0)).length + encodeRecord(records[1] ?? record(0)).length;
    for (let length = firstTwo + 1; length < bytes.length; length += 1) {
      expect(decodeRecords(bytes.subarray(0, length))).toEqual({
        records: records.slice(0, 2),
        isTorn: true,
      });
    }
  });

  it('end before the first that is damaged at any byte', () => {
    const records = [record(1), record(2)];
    const whole = Buffer.concat(records.map(encodeRecord));
    const start = encodeRecord(records[0] ?? record(0)).length;
    for (let at = start; at < whole.length; at += 1) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 0x40;
      const { records: found, isTorn } = decodeRecords(bytes);
      expect(isTorn).toBe(true);
      expect(found).toEqual(records.slice(0, 1));
    }
  });
});

describe('the spool', () => {
  let dataDir: string;
  let directory: string;
  beforeEach(() => {
    dataDir = join(tmpdir(), `topic-mirror-spool-${randomUUID()}`);
    directory = join(dataDir, 'spool');
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  const open = async (env: Record<string, string> = {}): Promise<Spool> => {
    const spool = new Spool(parseSettings({ DATA_DIR: dataDir, ...env }));
    await spool.open();
    return spool;
  };
  const drain = async (spool: Spool): Promise<SpoolRecord[]> => {
    const taken: SpoolRecord[] = [];
    await spool.drain(async (records) => {
      taken.push(...records);
      return [];
    });
    return taken;
  };

  it('hands on what was appended, in its order, and forgets it', async () => {
    const spool = await open();
    const records = Array.from({ length: 600 }, (_, index) => record(index % 200));
    await Promise.all(records.map((one) => spool.append(one)));
    expect(spool.length).toBe(600);
    expect(await drain(spool)).toEqual(records);
    expect(spool.length).toBe(0);
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

  it('finds what a killed process left, a torn last record aside', async () => {
    const records = [record(1), record(2)];
    const bytes = Buffer.concat([...records, record(3)].map(encodeRecord));
    await mkdir(directory, { recursive: true });
    // Of this very pid, as in a container, where every process is number 1.
    const name = `1700000000000-x.${process.pid}@${(await import('node:os')).hostname().replaceAll('.', '_')}.spool`;
    await writeFile(join(directory, name), bytes.subarray(0, -3));
    const spool = await open();
    expect(spool.length).toBe(2);
    expect(await drain(spool)).toEqual(records);
  });

  it('leaves the files of a living process alone', async () => {
    await mkdir(directory, { recursive: true });
    const host = (await import('node:os')).hostname().replaceAll('.', '_');
    const names = [`1-x.${process.ppid}@${host}.spool`, '2-x.1@another-host.spool'];
    for (const name of names) await writeFile(join(directory, name), encodeRecord(record(1)));
    const spool = await open();
    expect(spool.length).toBe(0);
    expect((await readdir(directory)).toSorted()).toEqual(names);
  });

  it('refuses more than its bound, and keeps what it has', async () => {
    const spool = await open({ SPOOL_MAX_BYTES: '1000' });
    const first = record(1);
    await spool.append(first);
    await expect(spool.append({ ...record(2), body: Buffer.alloc(1000) })).rejects.toBeInstanceOf(
      SpoolFullError,
    );
    expect(await drain(spool)).toEqual([first]);
  });

  it('sets aside what nobody can use', async () => {
    const spool = await open();
    const bad = record(1);
    await spool.append(bad);
    await spool.drain(async (records) => records);
    const [name = ''] = await readdir(directory);
    expect(name).toMatch(/^refused-/);
    expect(decodeRecords(await readFile(join(directory, name))).records).toEqual([bad]);
  });
});
