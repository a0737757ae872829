// npm run bench -- read [--seconds 5 --groups 10000]: how fast topics are read out of a million, as
// ratios within one run. Starts the built service on a throw-away embedded server, fills it, prints a
// table, keeps nothing.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import pg from 'pg';
import { withServer } from './with-server.mjs';

const CONNECTIONS = 64;
// As many as the service reads with.
const BARE_CONNECTIONS = 5;
const TOPICS_OF_GROUP = 100;
const LIMIT = 50;
const WARM_UP_SECONDS = 3;

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    groups: { type: 'string', default: '10000' },
  },
});
const seconds = Number(options.seconds);
const groups = Number(options.groups);

await withServer(async (url, databaseUrl) => {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: BARE_CONNECTIONS });
  try {
    await fill(pool);
    await run(url, pool);
  } finally {
    await pool.end();
  }
});

/** @param {pg.Pool} pool */
async function fill(pool) {
  print(`filling ${groups} groups with ${groups * TOPICS_OF_GROUP} topics …`);
  // Many rows are written faster without the indexes.
  const { rows: indexes } = await pool.query(
    `select indexdef from pg_indexes where tablename = 'topics' and indexname <> 'topics_pkey'`,
  );
  const { rows: names } = await pool.query(
    `select indexname from pg_indexes where tablename = 'topics' and indexname <> 'topics_pkey'`,
  );
  for (const { indexname } of names) await pool.query(`drop index ${indexname}`);
  await pool.query(
    `insert into groups (group_id, type, topic_count, seq, last_callback_at)
     select '@TGS#_@TGS#c' || g, 'Community', ${TOPICS_OF_GROUP}, g * 100, now()
       from generate_series(1, $1::int) g`,
    [groups],
  );
  await pool.query('alter table topics disable trigger all');
  await pool.query(
    `insert into topics (group_id, topic_id, name, type, owner_account, operator_account, introduction,
                         notification, face_url, custom_string, mute_all_member,
                         user_defined_data_list, created_at, updated_at, seq)
     select '@TGS#_@TGS#c' || g, '@TGS#_@TGS#c' || g || '@TOPIC#_@TOPIC#' || t, 'Topic ' || g * 31 + t,
            'Community', 'owner' || g % 5000, 'group_root', 'What it is about', 'Be kind',
            'https://example.com/face.png', 'custom', false,
            jsonb_build_array(jsonb_build_object('Key', 'UserDefined1', 'Value', 'hello' || t),
                              jsonb_build_object('Key', 'UserDefined2', 'Value', 'world')),
            now() - (g * 100 + t) * interval '1 second', now() - t * interval '1 second', g * 100 + t
       from generate_series(1, $1::int) g, generate_series(1, ${TOPICS_OF_GROUP}) t`,
    [groups],
  );
  await pool.query('alter table topics enable trigger all');
  for (const { indexdef } of indexes) await pool.query(indexdef);
  await pool.query('vacuum analyze');
}

/** @param {string} url @param {pg.Pool} pool */
async function run(url, pool) {
  print(
    `${seconds} s each, ${availableParallelism()} cores, Node ${process.version}, ${CONNECTIONS} connections\n`,
  );
  print('answer                              answers/s   p50 ms   p99 ms  failed');
  const page = () => `/groups/${anyGroup()}/topics?limit=${LIMIT}`;
  const known = await tags(url, page);
  const deep = await cursorAt(url, 100);
  const prisma = await show('findMany of Prisma', url, () => ({
    path: `/bench/topics/${anyGroup()}`,
  }));
  const full = await show('page of a group', url, () => ({ path: page() }));
  const spared = await show('the same, 304', url, () => pick(known));
  const first = await show('first page of all', url, () => ({ path: `/topics?limit=${LIMIT}` }));
  const later = await show('page deep in all', url, () => ({
    path: `/topics?limit=${LIMIT}&cursor=${deep}`,
  }));
  const bare = await bareRate(pool);
  print(`the same rows as JSON, bare client ${bare.toFixed(0).padStart(9)}\n`);
  print(`page of a group / findMany of Prisma  ${(full / prisma).toFixed(2)}`);
  print(`page of a group / bare client         ${(full / bare).toFixed(2)}`);
  print(`304 / page of a group                 ${(spared / full).toFixed(2)}`);
  print(`page deep in all / first page of all  ${(later / first).toFixed(2)}`);
}

/**
 * @typedef {{ path: string, headers?: Record<string, string> }} Request
 * @param {string} name
 * @param {string} url
 * @param {() => Request} next
 * @returns {Promise<number>} answers per second
 */
async function show(name, url, next) {
  // The first requests compile code and fill caches.
  await measure(url, next, WARM_UP_SECONDS);
  const result = await measure(url, next, seconds);
  const cells = [
    name.padEnd(34),
    result.requests.average.toFixed(0).padStart(10),
    result.latency.p50.toFixed(1).padStart(8),
    result.latency.p99.toFixed(1).padStart(8),
    String(result['4xx'] + result['5xx'] + result.errors).padStart(7),
  ];
  print(cells.join(' '));
  return result.requests.average;
}

/**
 * @param {string} url
 * @param {() => Request} next
 * @param {number} duration seconds
 */
function measure(url, next, duration) {
  return autocannon({
    url,
    connections: CONNECTIONS,
    duration,
    requests: [{ method: 'GET', setupRequest: (request) => ({ ...request, ...next() }) }],
  });
}

/** What a client gets that asks PostgreSQL for the rows as one JSON text and does nothing else. @param {pg.Pool} pool */
async function bareRate(pool) {
  const text = `
    select json_agg(t)::text as json
      from (select group_id, topic_id, name, type, owner_account, operator_account, introduction,
                   notification, face_url, custom_string, mute_all_member, user_defined_data_list,
                   created_at, updated_at, deleted_at, seq
              from topics
             where group_id = $1 and deleted_at is null
             order by topic_id
             limit ${LIMIT}) t`;
  let count = 0;
  const ask = async (/** @type {number} */ until) => {
    while (performance.now() < until) {
      await pool.query(text, [decodeURIComponent(anyGroup())]);
      count += 1;
    }
  };
  const all = (/** @type {number} */ ms) =>
    Promise.all(Array.from({ length: BARE_CONNECTIONS }, () => ask(performance.now() + ms)));
  await all(WARM_UP_SECONDS * 1000);
  count = 0;
  await all(seconds * 1000);
  return count / seconds;
}

/**
 * @param {string} url
 * @param {() => string} page
 * @returns {Promise<Request[]>}
 */
async function tags(url, page) {
  const requests = [];
  for (let index = 0; index < 200; index += 1) {
    const path = page();
    const { headers } = await fetch(url + path);
    requests.push({ path, headers: { 'if-none-match': headers.get('etag') ?? '' } });
  }
  return requests;
}

/**
 * @param {string} url
 * @param {number} pages
 */
async function cursorAt(url, pages) {
  let cursor = '';
  for (let page = 0; page < pages; page += 1) {
    const answer = await fetch(
      `${url}/topics?limit=500&fields=seq${cursor && `&cursor=${cursor}`}`,
    );
    cursor = (await answer.json()).nextCursor;
  }
  return cursor;
}

function anyGroup() {
  return encodeURIComponent(`@TGS#_@TGS#c${1 + Math.floor(Math.random() * groups)}`);
}

/**
 * @template T
 * @param {readonly T[]} items
 * @returns {T}
 */
function pick(items) {
  const item = items[Math.floor(Math.random() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

/** @param {string} line */
function print(line) {
  process.stdout.write(`${line}\n`);
}
