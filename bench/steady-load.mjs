// Callbacks at a steady rate over connections that are kept, as the vendor's are; each creates a topic of
// its own.
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { signedQuery } from './replica.mjs';

const COMMAND = 'Group.CallbackAfterCreateTopic';
const TICK_MS = 20;
const GROUPS = 50;
const GIVE_UP_MS = 10_000;

export class SteadyLoad {
  /** Topics whose callback was answered OK, and the names they were given. @type {Map<string, string>} */
  ok = new Map();
  sent = 0;
  /** Answered otherwise. */
  refused = 0;
  unanswered = 0;
  slowestMs = 0;

  /** @param {{ url: string, rate: number, secrets: import('./replica.mjs').Secrets }} options */
  constructor({ url, rate, secrets }) {
    this.url = url;
    this.rate = rate;
    this.secrets = secrets;
    this.isStopped = false;
  }

  stop() {
    this.isStopped = true;
  }

  /** Sends until it is stopped, and waits for the answers. */
  async run() {
    // Bounded, as the vendor's are: a request that finds none free waits, and that counts.
    const agent = new Agent({ keepAlive: true, maxSockets: 500 });
    /** @type {Promise<void>[]} */
    const running = [];
    const begun = performance.now();
    while (!this.isStopped) {
      const due = ((performance.now() - begun) / 1000) * this.rate;
      for (; this.sent < due; this.sent += 1) running.push(this.post(agent, this.sent));
      await sleep(TICK_MS);
    }
    await Promise.all(running);
    agent.destroy();
  }

  /**
   * @param {Agent} agent
   * @param {number} index
   * @returns {Promise<void>}
   */
  post(agent, index) {
    const [topicId, name] = [`t${index}`, `name ${index}`];
    const begun = performance.now();
    return new Promise((done) => {
      const settle = (/** @type {'ok' | 'refused' | 'unanswered'} */ outcome) => {
        if (outcome === 'ok') this.ok.set(topicId, name);
        else this[outcome] += 1;
        this.slowestMs = Math.max(this.slowestMs, performance.now() - begun);
        done();
      };
      const outgoing = request(
        `${this.url}/webhooks/im?${signedQuery(COMMAND, this.secrets)}`,
        { method: 'POST', agent, timeout: GIVE_UP_MS },
        (incoming) => {
          let text = '';
          incoming.setEncoding('utf8').on('data', (part) => (text += part));
          incoming.on('end', () => {
            const isOk = incoming.statusCode === 200 && text.includes('"OK"');
            settle(isOk ? 'ok' : 'refused');
          });
          incoming.on('error', () => settle('unanswered'));
        },
      );
      outgoing.on('timeout', () => outgoing.destroy());
      outgoing.on('error', () => settle('unanswered'));
      outgoing.end(
        JSON.stringify({
          CallbackCommand: COMMAND,
          GroupId: `@TGS#_g${index % GROUPS}`,
          TopicId: topicId,
          Owner_Account: 'leckie',
          Operator_Account: 'group_root',
          Type: 'Community',
          Name: name,
        }),
      );
    });
  }
}

/**
 * What was answered OK against the tables: once in topics, in the journal and in the history.
 * @param {string} url
 * @param {SteadyLoad} load
 */
export async function compare(url, { ok }) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: topics } = await client.query('select topic_id as id, name from topics');
    const { rows: journal } = await client.query(
      `select convert_from(body, 'UTF8')::json ->> 'TopicId' as id, count(*)::int as count
         from callbacks group by 1`,
    );
    const { rows: changes } = await client.query(
      'select topic_id as id, count(*)::int as count, max(seq)::float8 as latest from changes group by 1',
    );
    const names = new Map(topics.map(({ id, name }) => [id, name]));
    const kept = new Map(journal.map(({ id, count }) => [id, count]));
    const told = new Map(changes.map(({ id, count }) => [id, count]));
    const isThere = (/** @type {string} */ id, /** @type {string} */ name) =>
      names.get(id) === name && kept.has(id) && told.has(id);
    return {
      topics: names.size,
      journal: kept.size,
      changes: changes.length,
      latest: Math.max(0, ...changes.map(({ latest }) => latest)),
      missing: [...ok].filter(([id, name]) => !isThere(id, name)).length,
      twice: [...kept, ...told].filter(([, count]) => count !== 1).length,
    };
  } finally {
    await client.end();
  }
}
