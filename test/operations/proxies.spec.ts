// The proxies of deploy/ as they are installed here: what they let through, and what the vendor gets.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, request as plainRequest, type Server } from 'node:http';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.js';
import { callbackQuery, createTopicBody, OK } from '../support/callbacks.js';
import { findProgram, freePort, type Proxy, startNginx } from '../support/programs.js';
import { EventSource } from '../support/sse.js';
import { until } from '../support/until.js';

jest.setTimeout(60_000);

const nginx = await findProgram('nginx');
const haproxy = await findProgram('haproxy');
const SECRET_PATHS = [
  '/groups',
  '/topics',
  '/changes',
  '/metrics',
  '/docs',
  '/openapi.json',
  '/readyz',
  '/webhooks/im/../../groups',
  '//groups',
  '/webhooks/im/groups',
];

let mirror: TestApp;
beforeAll(async () => {
  mirror = await startApp();
});
afterAll(() => mirror.close());

const address = () => new URL(mirror.url).host;
const query = () => new URLSearchParams(callbackQuery('Group.CallbackAfterCreateTopic')).toString();
const bodyOf = (TopicId: string) => JSON.stringify(createTopicBody({ GroupId: 'g', TopicId }));

async function topicIds(): Promise<string[]> {
  const { body } = await mirror.http.get('/topics').query({ limit: 500 });
  return body.data.map(({ topicId }: { topicId: string }) => topicId);
}

(nginx === null ? describe.skip : describe)('deploy/nginx.conf', () => {
  let proxy: Proxy;
  let [tls, internal] = [0, 0];
  beforeAll(async () => {
    [tls, internal] = [await freePort(), await freePort()];
    proxy = await startNginx(nginx ?? '', 'deploy/nginx.conf', {
      'listen 443 ssl': `listen 127.0.0.1:${tls} ssl`,
      'listen 127.0.0.1:8081': `listen 127.0.0.1:${internal}`,
      'server 127.0.0.1:3000': `server ${address()}`,
    });
  });
  afterAll(() => proxy.stop());

  it.each(['/webhooks/im', '/'])('passes callbacks of %s', async (path) => {
    const topicId = `nginx${path}`;
    expect(await send(tls, `${path}?${query()}`, bodyOf(topicId))).toMatchObject({
      status: 200,
      body: OK,
    });
    expect(await topicIds()).toContain(topicId);
  });

  it.each(SECRET_PATHS)('hides %s', async (path) => {
    for (const method of ['GET', 'POST', 'HEAD']) {
      expect(await send(tls, path, method === 'POST' ? '{}' : null, method)).toMatchObject({
        status: 404,
      });
    }
  });

  it('hides the receiver from everything but POST', async () => {
    for (const path of ['/', '/webhooks/im']) {
      expect(await send(tls, path, null, 'GET')).toMatchObject({ status: 404 });
    }
  });

  it('serves the API below a prefix to internal tools, with its stream', async () => {
    const base = `http://127.0.0.1:${internal}/mirror`;
    expect((await fetch(`${base}/groups`)).status).toBe(200);
    expect((await fetch(`${base}/docs`)).status).toBe(200);
    const stream = await EventSource.open(`${base}/changes?after=0`);
    await send(tls, `/?${query()}`, bodyOf('streamed'));
    expect(await stream.changes(1)).toMatchObject([{ kind: 'created' }]);
    stream.close();
  });
});

(nginx === null ? describe.skip : describe)('the logs of nginx', () => {
  it.each([
    ['deploy/nginx.conf', '/webhooks/im'],
    ['deploy/nginx-mirror.conf', '/callback'],
  ])('hold no signature by %s, also while nothing answers behind it', async (file, path) => {
    const tls = await freePort();
    const away = `server 127.0.0.1:${await freePort()}`;
    const proxy = await startNginx(nginx ?? '', file, {
      'listen 443 ssl': `listen 127.0.0.1:${tls} ssl`,
      'server 127.0.0.1:3000': away,
      ...(file.includes('mirror')
        ? { 'server 127.0.0.1:8000': away }
        : { 'listen 127.0.0.1:8081': `listen 127.0.0.1:${await freePort()}` }),
    });
    try {
      expect(await send(tls, `${path}?${query()}&Sign=5e4ret`, '{}')).toMatchObject({
        status: 502,
      });
      const [access = '', errors = ''] = await Promise.all(
        ['access.log', 'error.log'].map((name) => readFile(join(proxy.directory, name), 'utf8')),
      );
      expect(access).toContain(path);
      expect(`${access}${errors}`).not.toContain('5e4ret');
    } finally {
      await proxy.stop();
    }
  });
});

(nginx === null ? describe.skip : describe)('deploy/nginx-mirror.conf', () => {
  const ANSWER = '{"ActionStatus":"OK","ErrorInfo":"of the backend","ErrorCode":0}';
  let backend: Server;
  let slow: Server;
  let port: number;
  let proxy: Proxy | undefined;
  afterEach(() => proxy?.stop());
  const received: string[] = [];
  beforeAll(async () => {
    backend = createServer(async (incoming, response) => {
      received.push(`${incoming.url} ${await readText(incoming)}`);
      response.end(ANSWER);
    });
    // Takes everything and never answers.
    slow = createServer((incoming) => incoming.resume());
    for (const server of [backend, slow]) await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterAll(() => {
    for (const server of [backend, slow]) {
      server.closeAllConnections();
      server.close();
    }
  });

  async function start(copy: string): Promise<Proxy> {
    port = await freePort();
    return startNginx(nginx ?? '', 'deploy/nginx-mirror.conf', {
      'listen 443 ssl': `listen 127.0.0.1:${port} ssl`,
      'server 127.0.0.1:8000': `server ${hostOf(backend)}`,
      'server 127.0.0.1:3000': `server ${copy}`,
    });
  }

  async function sendAll(name: string, count: number): Promise<number> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
    let slowest = 0;
    for (let index = 0; index < count; index += 1) {
      const startedAt = performance.now();
      const body = bodyOf(`${name}${index}`);
      const path = `/callback?${query()}`;
      expect(await send(port, path, body, 'POST', agent)).toMatchObject({
        status: 200,
        body: ANSWER,
      });
      expect(received.at(-1)).toBe(`${path} ${body}`);
      slowest = Math.max(slowest, performance.now() - startedAt);
    }
    agent.destroy();
    return slowest;
  }

  it('lets the backend answer, and the mirror have a copy', async () => {
    proxy = await start(address());
    await sendAll('copied', 10);
    await until(
      async () => (await topicIds()).filter((id) => id.startsWith('copied')).length === 10,
    );
    expect(await send(port, '/copy', '{}')).toMatchObject({ status: 404 });
  });

  it('keeps the vendor waiting no longer than the limit, on one connection, while the mirror hangs', async () => {
    proxy = await start(hostOf(slow));
    const slowest = await sendAll('slow', 8);
    expect(slowest).toBeLessThan(3_000);
  });

  it('lets the backend answer while the mirror is away', async () => {
    proxy = await start(`127.0.0.1:${await freePort()}`);
    expect(await sendAll('away', 5)).toBeLessThan(3_000);
  });
});

(haproxy === null ? describe.skip : describe)('deploy/haproxy.cfg', () => {
  let stop: () => Promise<unknown>;
  let [front, internal] = [0, 0];
  beforeAll(async () => {
    [front, internal] = [await freePort(), await freePort()];
    const child = spawn(haproxy ?? '', ['-db', '-f', 'deploy/haproxy.cfg'], {
      stdio: 'ignore',
      env: {
        MIRROR_BIND: `127.0.0.1:${front}`,
        MIRROR_API_BIND: `127.0.0.1:${internal}`,
        MIRROR_STATS: `127.0.0.1:${await freePort()}`,
        MIRROR_1: address(),
        MIRROR_2: address(),
      },
    });
    stop = () => {
      child.kill('SIGTERM');
      return once(child, 'exit');
    };
    await until(
      async () =>
        (await fetch(`http://127.0.0.1:${internal}/groups`).catch(() => null))?.status === 200,
    );
  });
  afterAll(() => stop());

  it('passes callbacks, and hides everything else', async () => {
    const url = `http://127.0.0.1:${front}`;
    for (const path of ['/', '/webhooks/im']) {
      const answer = await fetch(`${url}${path}?${query()}`, {
        method: 'POST',
        body: bodyOf(`haproxy${path}`),
      });
      expect(await answer.text()).toBe(OK);
    }
    for (const path of SECRET_PATHS) {
      for (const method of ['GET', 'POST', 'DELETE']) {
        expect([path, await rawStatus(front, method, path)]).toEqual([path, 404]);
      }
    }
    expect((await fetch(url)).status).toBe(404);
  });

  it('serves the API to internal tools', async () => {
    expect((await fetch(`http://127.0.0.1:${internal}/topics`)).status).toBe(200);
  });
});

function hostOf(server: Server): string {
  const bound = server.address();
  return typeof bound === 'object' && bound ? `127.0.0.1:${bound.port}` : '';
}

/** A status over a path that is sent as it is. */
async function rawStatus(port: number, method: string, path: string): Promise<number | undefined> {
  const outgoing = plainRequest({ host: '127.0.0.1', port, method, path }).end();
  const [response] = await once(outgoing, 'response');
  response.resume();
  return response.statusCode;
}

/** One request over TLS; the path is sent as it is. */
async function send(
  port: number,
  path: string,
  body: string | null,
  method = 'POST',
  agent?: Agent,
): Promise<{ status: number | undefined; body: string }> {
  const options = { host: '127.0.0.1', port, path, method, rejectUnauthorized: false };
  const outgoing = request({ ...options, ...(agent && { agent }) });
  outgoing.end(body ?? undefined);
  const [response] = await once(outgoing, 'response');
  return { status: response.statusCode, body: await readText(response) };
}
