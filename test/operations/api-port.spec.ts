import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiPort } from '../../src/http/api-port.js';
import { startApp, type TestApp } from '../support/app.js';
import {
  callbackQuery,
  createTopicBody,
  groupPath,
  OK,
  postCallback,
} from '../support/callbacks.js';

describe('with a port of its own for the query API', () => {
  let mirror: TestApp;
  let api: string;
  beforeAll(async () => {
    mirror = await startApp({ API_PORT: '0' });
    api = (await mirror.app.get(ApiPort).listen()) ?? '';
  });
  afterAll(() => mirror.close());

  it('callbacks go in at one and topics come out at the other', async () => {
    const body = createTopicBody({ GroupId: 'two-ports', TopicId: 't' });
    const answer = await postCallback(mirror.http, body);
    expect([answer.status, answer.text]).toEqual([200, OK]);
    const topics = await fetch(`${api}${groupPath('two-ports')}/topics`);
    expect(await topics.json()).toMatchObject({ data: [{ topicId: 't' }] });
  });

  it('every route is answered on one of the two, the receiver alone on the public one', async () => {
    const answered: [route: string, atPublic: boolean, atApi: boolean][] = [];
    for (const { method, path } of routesOf(mirror)) {
      const at = [mirror.url, api].map((url) => isAnswered(`${url}${path}`, method));
      const [atPublic = false, atApi = false] = await Promise.all(at);
      answered.push([`${method} ${path}`, atPublic, atApi]);
    }
    const routes = answered.map(([route]) => route);
    expect(routes).toEqual(
      expect.arrayContaining(['POST /', 'POST /webhooks/im', 'GET /readyz', 'GET /metrics']),
    );
    expect(answered).toEqual(
      routes.map((route) => {
        const isReceiver = ['POST /', 'POST /webhooks/im'].includes(route);
        return [route, isReceiver, !isReceiver];
      }),
    );
  });

  it('no spelling of a path leads to the other side', async () => {
    const receiver = `/webhooks/%69m?${new URLSearchParams(callbackQuery('x'))}`;
    expect(await isAnswered(`${api}${receiver}`, 'POST')).toBe(false);
    for (const path of ['/%67roups', '//groups', '/groups?x', '/groups/', '/GROUPS', '/./groups']) {
      expect([path, await isAnswered(`${mirror.url}${path}`, 'GET')]).toEqual([path, false]);
    }
  });
});

/** Every route the service has, with a value for each parameter. */
function routesOf({ app }: TestApp): { method: string; path: string }[] {
  const tree = app.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false });
  const parents: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, indent = '', part = '', methods = ''] =
      /^(.*)[├└]── (\S*)(?: \(([A-Z, ]+)\))?/u.exec(line) ?? [];
    const depth = indent.length / 4;
    const path = `${parents[depth - 1] ?? ''}${part}`;
    parents.splice(depth, Infinity, path);
    // An answer to HEAD would not tell which 404 it is; it follows GET.
    const names = methods.split(', ').filter((name) => name !== '' && name !== 'HEAD');
    return names.map((method) => ({ method, path: path.replaceAll(/:\w+/g, 'x') }));
  });
}

/** Whether the port lets a request through to its route, whatever that answers. */
async function isAnswered(url: string, method: string): Promise<boolean> {
  const answer = await fetch(url, { method, body: method === 'POST' ? '{}' : undefined });
  const text = await answer.text();
  return answer.status !== 404 || !text.includes('answered on another port');
}
