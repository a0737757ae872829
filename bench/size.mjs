// npm run bench -- size [--topics 1000000,5000000 --per-group 200 --journal-days 30 --seconds 10
// --warm-up 60 --shared-buffers 1GB]: how large the tables are with so many topics of 300 days, and how fast
// callbacks are kept and topics are read then. Fills a throw-away server, prints tables, keeps nothing. A
// million topics take 3 GB of disk.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import pg from 'pg';
import { fill } from './fill.mjs';
import { freePort, startOwnServer } from './own-server.mjs';

const CONNECTIONS = 64;
const READY_TIMEOUT_MS = 120_000;
const MAIN = join(import.meta.dirname, '../dist/main.js');
// A server that is filled may lose all it has.
const FILLING = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  max_wal_size: '16GB',
  checkpoint_timeout: '1h',
  autovacuum: 'off',
};
// As for any database that is written to a lot: no checkpoint within a trial. After one, PostgreSQL writes
// each page whole into its log when it is touched first.
const SERVING = { max_wal_size: '16GB', checkpoint_timeout: '1h' };
const COMMAND = 'Group.CallbackAfterCreateTopic';
const RECEIVER = `/webhooks/im?SdkAppid=1400000000&CallbackCommand=${COMMAND}&contenttype=json&ClientIP=127.0.0.1&OptPlatform=RESTAPI`;

const { values: options } = parseArgs({
  options: {
    topics: { type: 'string', default: '1000000' },
    'per-group': { type: 'string', default: '200' },
    'journal-days': { type: 'string', default: '30' },
    seconds: { type: 'string', default: '10' },
    'warm-up': { type: 'string', default: '60' },
    'shared-buffers': { type: 'string', default: '1GB' },
  },
});
const seconds = Number(options.seconds);

for (const topics of options.topics.split(',').map(Number)) {
  const directory = await mkdtemp(join(tmpdir(), 'topic-mirror-size-'));
  try {
    await trial(topics, directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** @param {number} topics @param {string} directory */
async function trial(topics, directory) {
  const groups = Math.ceil(topics / Number(options['per-group']));
  print(`\n${topics} topics of ${groups} groups`);
  const server = await startOwnServer(directory);
  if (server === null) throw new Error('PostgreSQL did not start');
  try {
    const service = await startService(server.url, directory);
    await stopService(service);
    await configure(server, FILLING);
    await withPool(server.url, (pool) =>
      fill(pool, { topics, groups, journalDays: Number(options['journal-days']), print }),
    );
    await configure(server, { ...SERVING, shared_buffers: options['shared-buffers'] });
    await withPool(server.url, (pool) => tellSizes(pool, topics));
    await measureAll(server.url, directory, { topics, groups });
  } finally {
    await server.close();
  }
}

/**
 * Starts the server anew with these settings, and no others.
 * @param {NonNullable<Awaited<ReturnType<typeof startOwnServer>>>} server
 * @param {Record<string, string>} settings
 */
async function configure(server, settings) {
  await withPool(server.url, async (pool) => {
    await pool.query('alter system reset all');
    for (const [name, value] of Object.entries(settings)) {
      await pool.query(`alter system set ${name} = '${value}'`);
    }
    await pool.query('checkpoint');
  });
  await server.stop();
  await server.start();
}

/** @param {pg.Pool} pool @param {number} topics */
async function tellSizes(pool, topics) {
  const { rows } = await pool.query(
    `select t.relname as "table", i.relname as "index",
            case when i.oid is null then pg_table_size(t.oid) else pg_relation_size(i.oid) end::float8 as bytes
       from pg_class t
       left join lateral (select null::oid as oid, null::name as relname
                          union all
                          select c.oid, c.relname
                            from pg_index x join pg_class c on c.oid = x.indexrelid
                           where x.indrelid = t.oid) i on true
      where t.relnamespace = 'public'::regnamespace and t.relkind = 'r' and pg_table_size(t.oid) > 1000000
      order by t.relname, i.relname nulls first`,
  );
  print('table or index                           MB   bytes a topic');
  let total = 0;
  for (const { table, index, bytes } of rows) {
    total += bytes;
    const name = index === null ? table : `  ${index}`;
    print(`${name.padEnd(36)} ${mb(bytes)} ${(bytes / topics).toFixed(0).padStart(15)}`);
  }
  print(`${'all'.padEnd(36)} ${mb(total)} ${(total / topics).toFixed(0).padStart(15)}\n`);
}

/**
 * @param {string} url
 * @param {string} directory
 * @param {{ topics: number, groups: number }} size
 */
async function measureAll(url, directory, { topics, groups }) {
  const service = await startService(url, directory);
  try {
    print(
      `${seconds} s each, ${CONNECTIONS} connections, shared_buffers ${options['shared-buffers']}, ` +
        `${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}`,
    );
    print('request                                per second   p50 ms   p99 ms  failed');
    const any = () => Math.floor(Math.random() * topics);
    /** @param {() => string} path */
    const get = (path) => () => ({ method: 'GET', path: path() });
    const run = (/** @type {string} */ name, /** @type {() => object} */ next) =>
      show(name, service.url, next);
    let renamed = 0;
    const rename = () => ({
      method: 'POST',
      path: RECEIVER,
      body: renaming(any(), groups, (renamed += 1)),
    });
    await run('a new name, just after a checkpoint', rename);
    await measure(service.url, rename, Number(options['warm-up']));
    await run('callback, any topic gets a new name', rename);
    await run('callback, a new topic', () => ({
      method: 'POST',
      path: RECEIVER,
      body: renaming(topics + (renamed += 1), groups, renamed),
    }));
    await run(
      'page of 50 of any group',
      get(() => `${groupPath(any(), groups)}/topics?limit=50`),
    );
    await run(
      'any topic',
      get(() => topicPath(any(), groups)),
    );
    await run(
      'first 50 of all topics',
      get(() => '/topics?limit=50'),
    );
    await run(
      '50 of all by updatedAt',
      get(() => '/topics?limit=50&sort=-updatedAt'),
    );
    await run(
      'all with a custom field',
      get(() => `/topics?custom.UserDefined2=number%20${any()}`),
    );
    await run(
      '100 changes after any seq',
      get(() => `/changes?after=${any()}&limit=100`),
    );
  } finally {
    await stopService(service);
  }
}

/**
 * @param {string} name
 * @param {string} url
 * @param {() => object} next
 */
async function show(name, url, next) {
  // The first requests compile code and fill caches.
  await measure(url, next, 2);
  const result = await measure(url, next, seconds);
  const cells = [
    name.padEnd(37),
    result.requests.average.toFixed(0).padStart(11),
    result.latency.p50.toFixed(1).padStart(8),
    result.latency.p99.toFixed(1).padStart(8),
    String(result['4xx'] + result['5xx'] + result.errors).padStart(7),
  ];
  print(cells.join(' '));
}

/**
 * @param {string} url
 * @param {() => object} next
 * @param {number} duration seconds
 */
function measure(url, next, duration) {
  return autocannon({
    url,
    connections: CONNECTIONS,
    duration,
    requests: [{ setupRequest: (request) => ({ ...request, ...next() }) }],
  });
}

/** @param {number} n @param {number} groups @param {number} turn */
function renaming(n, groups, turn) {
  return JSON.stringify({
    CallbackCommand: COMMAND,
    GroupId: groupId(n, groups),
    TopicId: topicId(n, groups),
    Operator_Account: 'group_root',
    Owner_Account: `user_${n % 50021}`,
    Type: 'Community',
    Name: `Topic number ${n}, named ${turn}`,
    UserDefinedDataList: [
      { Key: 'UserDefined1', Value: `shelf ${n % 1000}` },
      { Key: 'UserDefined2', Value: `number ${n}` },
    ],
  });
}

// As in fill.mjs.
/** @param {number} n @param {number} groups */
function groupId(n, groups) {
  return `@TGS#_@TGS#c${word(`g${n % groups}`)}`;
}

/** @param {number} n @param {number} groups */
function topicId(n, groups) {
  return `${groupId(n, groups)}@TOPIC#_@TOPIC#c${word(`t${n}`)}`;
}

/** @param {string} seed */
function word(seed) {
  return createHash('md5').update(seed).digest('hex').slice(0, 11).toUpperCase();
}

/** @param {number} n @param {number} groups */
function groupPath(n, groups) {
  return `/groups/${encodeURIComponent(groupId(n, groups))}`;
}

/** @param {number} n @param {number} groups */
function topicPath(n, groups) {
  return `${groupPath(n, groups)}/topics/${encodeURIComponent(topicId(n, groups))}`;
}

/** @param {string} databaseUrl @param {string} directory */
async function startService(databaseUrl, directory) {
  const port = await freePort();
  const child = spawn(process.execPath, [MAIN], {
    cwd: directory,
    env: {
      ...process.env,
      NODE_ENV: 'development',
      DATABASE_URL: databaseUrl,
      DATA_DIR: join(directory, 'app'),
      PORT: String(port),
      LOG_LEVEL: 'error',
      JOURNAL_RETENTION_DAYS: '0',
      CHANGES_RETENTION_DAYS: '0',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}`;
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (!(await fetch(`${url}/readyz`).catch(() => null))?.ok) {
    if (child.exitCode !== null) throw new Error(`the service did not start: ${child.exitCode}`);
    if (performance.now() > deadline) throw new Error('the service did not get ready in time');
    await sleep(100);
  }
  return { url, child };
}

/** @param {{ child: import('node:child_process').ChildProcess }} service */
async function stopService({ child }) {
  child.kill('SIGTERM');
  if (child.exitCode === null) await once(child, 'exit');
}

/**
 * @param {string} url
 * @param {(pool: pg.Pool) => Promise<unknown>} work
 */
async function withPool(url, work) {
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  pool.on('error', () => undefined);
  await work(pool).finally(() => pool.end());
}

/** @param {number} bytes */
function mb(bytes) {
  return (bytes / 1e6).toFixed(0).padStart(9);
}

/** @param {string} line */
function print(line) {
  process.stdout.write(`${line}\n`);
}
