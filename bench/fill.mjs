// Very many topics as the writer writes them in 300 days, with their groups, one change each, and the
// journal of the last days; put into the tables past the writer, and fast.

const TABLES = ['groups', 'topics', 'changes', 'callbacks', 'reconcile_queue'];
// Written at once by one statement: what is done is seen, and no statement runs for minutes.
const PORTION = 250_000;
const PERIOD_DAYS = 300;
const PERIOD_SECONDS = PERIOD_DAYS * 86_400;
const QUERY =
  'SdkAppid=1400000000&CallbackCommand=Group.CallbackAfterCreateTopic&contenttype=json&ClientIP=203.0.113.7&OptPlatform=RESTAPI';

// The n-th topic of all is in the group n modulo their number: a group's topics come and lie far apart,
// as they do in life. Random ids, as the vendor makes them.
const GROUP_ID = `'@TGS#_@TGS#c' || upper(substr(md5('g' || n % $3::bigint), 1, 11))`;
const TOPIC_ID = `group_id || '@TOPIC#_@TOPIC#c' || upper(substr(md5('t' || n), 1, 11))`;
const FROM = `
  from (select n, group_id, ${TOPIC_ID} as topic_id, at,
               floor(extract(epoch from at) * 1000000)::bigint::text as us,
               'Topic number ' || n as name, 'user_' || n % 50021 as owner,
               'user_' || n % 40009 as operator, 'What this topic is about, in a sentence or two.' as introduction,
               'Be kind to each other.' as notification,
               'https://example.com/faces/' || md5('f' || n) || '.png' as face,
               'shelf ' || n % 1000 as shelf, 'number ' || n as number
          from (select n, ${GROUP_ID} as group_id,
                       $4::timestamptz + n * ($5::float8 * interval '1 second') as at
                  from generate_series($1::bigint, $2::bigint - 1) n) numbered) made`;
const FIELDS = ['name', 'type', 'ownerAccount', 'operatorAccount', 'introduction', 'notification']
  .concat(['faceUrl', 'customString', 'userDefinedDataList'])
  .map((field) => `"${field}":['||us||',0]`)
  .join(',');
const REGISTERS = `('{"f":{${FIELDS}},"c":[['||us||',1,[0,0]]],"n":1}')::json`;
const LIST = `'[{"Key":"UserDefined1","Value":"'||shelf||'"},{"Key":"UserDefined2","Value":"'||number||'"}]'`;

const STATEMENTS = {
  topics: `
    insert into topics (group_id, topic_id, name, type, owner_account, operator_account, introduction,
                        notification, face_url, custom_string, mute_all_member, user_defined_data_list,
                        created_at, updated_at, deleted_at, seq, registers)
    select group_id, topic_id, name, 'Community', owner, operator, introduction, notification, face, '',
           null, (${LIST})::jsonb, at, at, null, n + 1, ${REGISTERS} ${FROM}`,
  changes: `
    insert into changes (group_id, seq, topic_id, kind, origin, at, operator_account, platform, before, after)
    select group_id, n + 1, topic_id, 'created', 'callback', at, operator, 'RESTAPI', '{}',
           ('{"name":"'||name||'","type":"Community","ownerAccount":"'||owner||'","operatorAccount":"'||operator||
            '","introduction":"'||introduction||'","notification":"'||notification||'","faceUrl":"'||face||
            '","customString":"","userDefinedDataList":[{"key":"UserDefined1","value":"'||shelf||
            '"},{"key":"UserDefined2","value":"'||number||'"}],"createdAt":"'||
            to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')||'"}')::json ${FROM}`,
  callbacks: `
    insert into callbacks (id, command, group_id, query, body, outcome, first_seq, last_seq)
    select (lpad(to_hex(us::bigint >> 12), 12, '0') || '8' || lpad(to_hex(us::bigint & 4095), 3, '0') ||
            '9f3bc09c8ee3575b')::uuid,
           'Group.CallbackAfterCreateTopic', group_id, '${QUERY}',
           convert_to('{"CallbackCommand":"Group.CallbackAfterCreateTopic","GroupId":"'||group_id||'","TopicId":"'||
             topic_id||'","Operator_Account":"'||operator||'","Owner_Account":"'||owner||
             '","Type":"Community","Name":"'||name||'","Introduction":"'||introduction||'","Notification":"'||
             notification||'","FaceUrl":"'||face||'","CustomString":"","UserDefinedDataList":'||${LIST}||
             ',"EventTime":'||us::bigint / 1000||'}', 'UTF8'),
           'applied', n + 1, n + 1 ${FROM}`,
};

/**
 * @param {import('pg').Pool} pool
 * @param {{ topics: number, groups: number, journalDays: number, print: (line: string) => void }} options
 */
export async function fill(pool, { topics, groups, journalDays, print }) {
  const begun = performance.now();
  const firstAt = new Date(Date.now() - PERIOD_SECONDS * 1000);
  const step = PERIOD_SECONDS / topics;
  const restore = await strip(pool);
  await insertGroups(pool, { topics, groups, firstAt });
  const made = { topics, groups, firstAt, step };
  const journalFrom = Math.floor(topics * Math.max(0, 1 - journalDays / PERIOD_DAYS));
  await Promise.all([
    insert(pool, 'topics', made),
    insert(pool, 'changes', made).then(() => insert(pool, 'callbacks', made, journalFrom)),
  ]);
  print(`rows written after ${since(begun)} s`);
  await restore();
  print(`indexes made after ${since(begun)} s`);
  await pool.query('update sequencer set seq = $1, batch = $1', [topics]);
  await pool.query('vacuum (freeze, analyze)');
  await pool.query('checkpoint');
  print(`vacuumed after ${since(begun)} s\n`);
}

/** Takes constraints, indexes and triggers away. @param {import('pg').Pool} pool @returns {Promise<() => Promise<void>>} what puts them back */
async function strip(pool) {
  const { rows: constraints } = await pool.query(
    `select conrelid::regclass::text as "table", quote_ident(conname) as name, pg_get_constraintdef(oid) as definition
       from pg_constraint
      where conrelid = any ($1::regclass[]) and contype in ('p', 'u', 'f')
      order by contype = 'f'`,
    [TABLES],
  );
  for (const { table, name } of constraints.toReversed()) {
    await pool.query(`alter table ${table} drop constraint ${name}`);
  }
  const { rows: indexes } = await pool.query(
    `select quote_ident(indexname) as name, indexdef as definition from pg_indexes where tablename = any ($1)`,
    [TABLES],
  );
  for (const { name } of indexes) await pool.query(`drop index ${name}`);
  for (const table of TABLES) await pool.query(`alter table ${table} disable trigger user`);
  return async () => {
    const client = await pool.connect();
    try {
      await client.query(`set maintenance_work_mem = '1GB'`);
      for (const { table, name, definition } of constraints) {
        await client.query(`alter table ${table} add constraint ${name} ${definition}`);
      }
      for (const { definition } of indexes) await client.query(definition);
      for (const table of TABLES) await client.query(`alter table ${table} enable trigger user`);
    } finally {
      client.release();
    }
  };
}

/**
 * @param {import('pg').Pool} pool
 * @param {{ topics: number, groups: number, firstAt: Date }} options
 */
async function insertGroups(pool, { topics, groups, firstAt }) {
  await pool.query(
    `insert into groups (group_id, name, type, owner_account, topic_count, seq, verified_at, last_callback_at, registers)
     select ${GROUP_ID}, 'Community number ' || n, 'Community', 'user_' || n % 50021,
            $2::bigint / $3::bigint + case when n < $2::bigint % $3::bigint then 1 else 0 end,
            $2::bigint - $3::bigint + n + 1, now() - n % 86400 * interval '1 second', now() - interval '1 day',
            ('{"f":{"name":['||us||',0],"type":['||us||',0],"ownerAccount":['||us||',0]},"c":[['||us||',1,[0,0]]],"n":1}')::json
       from (select n, floor(extract(epoch from $1::timestamptz) * 1000000)::bigint::text as us
               from generate_series(0, $3::bigint - 1) n) made`,
    [firstAt, topics, groups],
  );
  await pool.query(
    'insert into reconcile_queue (group_id, snapshot_at) select group_id, verified_at from groups',
  );
}

/**
 * @param {import('pg').Pool} pool
 * @param {keyof typeof STATEMENTS} table
 * @param {{ topics: number, groups: number, firstAt: Date, step: number }} options
 * @param {number} [from] the first topic whose row it is
 */
async function insert(pool, table, { topics, groups, firstAt, step }, from = 0) {
  for (let first = from; first < topics; first += PORTION) {
    const end = Math.min(topics, first + PORTION);
    await pool.query(STATEMENTS[table], [first, end, groups, firstAt, step]);
  }
}

/** @param {number} begun */
function since(begun) {
  return ((performance.now() - begun) / 1000).toFixed(0);
}
