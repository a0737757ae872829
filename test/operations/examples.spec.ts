// The files of examples/ and the systemd unit, run as they are.
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Change, follow, type Topic } from '../../examples/follow.js';
import { startApp, type TestApp } from '../support/app.js';
import { createTopicBody, postCallback } from '../support/callbacks.js';
import { findProgram } from '../support/programs.js';
import { until } from '../support/until.js';

jest.setTimeout(60_000);

const KEY = 'a-key-of-the-tools';
const [curl, systemd] = await Promise.all(['curl', 'systemd-analyze'].map(findProgram));

let mirror: TestApp;
const create = (TopicId: string, board = 'news') =>
  postCallback(
    mirror.http,
    createTopicBody({
      GroupId: 'g',
      TopicId,
      UserDefinedDataList: [{ Key: 'board', Value: board }],
    }),
  ).expect(200);
beforeAll(async () => {
  const sha256 = createHash('sha256').update(KEY).digest('hex');
  mirror = await startApp({ API_KEYS: `tools:${sha256}` });
  await create('t1');
  await create('t2', 'other');
});
afterAll(async () => {
  // fetch opens a connection anew after an aborted stream, sends nothing on it, and Node.js does not take it for idle.
  mirror.app.getHttpServer().closeAllConnections();
  await mirror.close();
});

describe('examples/follow.ts', () => {
  it('lists topics by a custom field, follows, resumes, and starts over after a 410', async () => {
    const lists: string[][] = [];
    const changes: Change[] = [];
    const run = (after?: number) => {
      const stopping = new AbortController();
      const done = follow({
        url: mirror.url,
        key: KEY,
        custom: { board: 'news' },
        ...(after !== undefined && { after }),
        onTopics: (topics: readonly Topic[]) =>
          void lists.push(topics.map(({ topicId }) => topicId)),
        onChange: (change) => void changes.push(change),
        signal: stopping.signal,
      });
      return async () => {
        stopping.abort();
        await done;
      };
    };
    const seen = () => changes.map(({ topicId }) => topicId);

    let stop = run();
    await until(() => lists.length > 0);
    await create('t3');
    await until(() => changes.length > 0);
    await stop();
    expect([lists, seen()]).toEqual([[['t1']], ['t3']]);

    await create('t4');
    stop = run(changes.at(-1)?.seq);
    await until(() => changes.length > 1);
    await stop();
    expect([lists.length, seen()]).toEqual([1, ['t3', 't4']]);

    await mirror.database.query('delete from changes');
    stop = run(0);
    await until(() => lists.length > 1);
    await create('t5');
    await until(() => changes.length > 2);
    await stop();
    expect([lists.at(-1), seen()]).toEqual([
      ['t1', 't3', 't4'],
      ['t3', 't4', 't5'],
    ]);
  });
});

describe('examples/follow.ts behind a proxy that fails', () => {
  it('reads the lists again after a failure in the middle of them', async () => {
    const errors = jest.spyOn(console, 'error').mockReturnValue();
    const failures = ['html', 'cut'];
    const proxy = createServer((from, to) => {
      const failure = from.url?.startsWith('/topics') === true ? failures.shift() : undefined;
      if (failure === 'cut') return void to.destroy();
      if (failure === 'html') return void to.writeHead(502).end('<html>Bad gateway</html>');
      const { url = '/', headers } = from;
      request(new URL(url, mirror.url), { headers }, (answer) => {
        to.writeHead(answer.statusCode ?? 500, answer.headers);
        pipeline(answer, to, () => undefined);
      })
        .on('error', () => to.destroy())
        .end();
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const { port } = proxy.address() as AddressInfo;
    const stopping = new AbortController();
    const lists: number[] = [];
    const done = follow({
      url: `http://127.0.0.1:${port}`,
      key: KEY,
      onTopics: (topics) => void lists.push(topics.length),
      onChange: () => undefined,
      signal: stopping.signal,
    });
    try {
      await until(() => lists.length > 0);
      expect(failures).toEqual([]);
      expect(errors).toHaveBeenCalledWith('Error: 502 Bad Gateway');
    } finally {
      errors.mockRestore();
      stopping.abort();
      await done;
      proxy.closeAllConnections();
      proxy.close();
    }
  });

  it('ends with an error that no repetition helps', async () => {
    const never = () => undefined;
    const wrong = follow({ url: mirror.url, key: 'wrong', onTopics: never, onChange: never });
    await expect(wrong).rejects.toThrow(/^401 /);
  });
});

(curl ? describe : describe.skip)('examples/follow.sh', () => {
  it('prints topics and changes', async () => {
    const { body } = await mirror.http.get('/topics').set('authorization', `Bearer ${KEY}`);
    const last = Math.max(...body.data.map(({ seq }: Topic) => seq));
    const child = spawn('sh', ['examples/follow.sh', String(last)], {
      env: { PATH: process.env.PATH, MIRROR_URL: mirror.url, MIRROR_KEY: KEY },
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    const ended = once(child, 'close');
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    try {
      await until(() => output.includes('nextCursor'));
      await create('shell');
      await until(() => /data: .*"topicId":"shell"/.test(output));
    } finally {
      // With curl, which is a process of its own.
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid);
      await ended;
    }
  });
});

(systemd ? describe : describe.skip)('deploy/topic-mirror.service', () => {
  /** What systemd says of a unit, but for programs and paths that are not those of this machine. */
  async function warningsOf(unit: string): Promise<string[]> {
    const { stderr } = await promisify(execFile)(systemd ?? '', [
      'verify',
      '--man=no',
      '--recursive-errors=no',
      unit,
    ]).catch((error: { stderr: string }) => error);
    const lines = stderr.split('\n').filter((line) => line.includes('topic-mirror'));
    return lines.filter((line) => !/not executable|No such file/.test(line));
  }

  it('is a unit without warnings', async () => {
    const unit = await readFile('deploy/topic-mirror.service', 'utf8');
    expect(unit).toContain('ExecStart=/usr/bin/node dist/main.js');
    expect(await warningsOf('deploy/topic-mirror.service')).toEqual([]);
  });

  it('becomes a template by the command of docs/install.md, each instance with its port and spool', async () => {
    const page = await readFile('docs/install.md', 'utf8');
    const [command = ''] = /^sed -e .*\\\n.*topic-mirror@\.service$/m.exec(page) ?? [];
    const directory = await mkdtemp(join(tmpdir(), 'topic-mirror-unit-'));
    await promisify(execFile)('sh', ['-c', command.replace('/etc/systemd/system', directory)]);
    const path = join(directory, 'topic-mirror@.service');
    const lines = (await readFile(path, 'utf8')).split('\n');
    expect(lines).toContain(
      'Environment=NODE_ENV=production HOST=127.0.0.1 DATA_DIR=%S/topic-mirror-%i PORT=%i',
    );
    expect(lines).toContain('StateDirectory=topic-mirror-%i');
    expect(await warningsOf(path)).toEqual([]);
    await rm(directory, { recursive: true });
  });
});
