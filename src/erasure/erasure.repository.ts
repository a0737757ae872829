import { Injectable } from '@nestjs/common';
import { LOCK_COUNTER } from '../database/counter-lock.js';
import { Database, type Transaction } from '../database/database.js';
import { Prisma } from '../database/generated/client.js';
import { CHANNEL, FORGET } from '../changes/channel.js';
import { TOPIC_FIELDS, GROUP_FIELDS } from '../topics/domain/fields.js';
import { type ErasedRows, eraseRows, type StoredGroup, type StoredTopic } from './erased-rows.js';
import type { Replacement } from './replacement.js';

export interface TopicKey {
  readonly groupId: string;
  readonly topicId: string;
}

export interface ChangeText {
  readonly groupId: string;
  readonly seq: number;
  readonly before: unknown;
  readonly after: unknown;
}

// Rows that one statement looks through.
export const PAGE = 2_000;
const TOPIC_TEXTS = textsIn(TOPIC_FIELDS);
const GROUP_TEXTS = textsIn(GROUP_FIELDS);
const FIELDS_OF_TOPIC = Prisma.join(
  TOPIC_TEXTS.flatMap(([name, column]) => [Prisma.sql`${name}::text`, Prisma.raw(`t.${column}`)]),
);

/** All SQL that finds an account in groups, topics and changes, and replaces it. */
@Injectable()
export class ErasureRepository {
  constructor(private readonly database: Database) {}

  /** The topics that hold the account, page by page, without those of an empty page. */
  async *topics({ account }: Replacement): AsyncGenerator<readonly TopicKey[]> {
    let after: TopicKey = { groupId: '', topicId: '' };
    for (;;) {
      const [last] = await this.database.connection.$queryRaw<TopicKey[]>`
        select p.group_id as "groupId", p.topic_id as "topicId"
          from (select group_id, topic_id
                  from topics
                 where (group_id, topic_id) > (${after.groupId}, ${after.topicId})
                 order by group_id, topic_id
                 limit ${PAGE}) p
         order by p.group_id desc, p.topic_id desc
         limit 1`;
      if (!last) return;
      const found = await this.database.connection.$queryRaw<TopicKey[]>`
        select t.group_id as "groupId", t.topic_id as "topicId"
          from topics t
         where (t.group_id, t.topic_id) > (${after.groupId}, ${after.topicId})
           and (t.group_id, t.topic_id) <= (${last.groupId}, ${last.topicId})
           and (${account} in (${columns('t', TOPIC_TEXTS)})
                or position(${jsonText(account)} in t.user_defined_data_list::text) > 0
                or position(${innerText(account)} in t.registers::text) > 0)
         order by t.group_id, t.topic_id`;
      yield found;
      after = last;
    }
  }

  /** The groups that hold it. */
  async *groups({ account }: Replacement): AsyncGenerator<readonly string[]> {
    let after = '';
    for (;;) {
      const [last] = await this.database.connection.$queryRaw<{ id: string }[]>`
        select p.group_id as id
          from (select group_id from groups where group_id > ${after} order by group_id limit ${PAGE}) p
         order by p.group_id desc
         limit 1`;
      if (!last) return;
      const found = await this.database.connection.$queryRaw<{ id: string }[]>`
        select g.group_id as id
          from groups g
         where g.group_id > ${after}
           and g.group_id <= ${last.id}
           and (${account} in (${columns('g', GROUP_TEXTS)})
                or position(${jsonText(account)} in g.registers::text) > 0)
         order by g.group_id`;
      yield found.map(({ id }) => id);
      after = last.id;
    }
  }

  /**
   * Replaces the account in rows of topics and groups, as the only writer, and appends a change of each
   * topic.
   */
  async eraseRows(
    replacement: Replacement,
    groupIds: readonly string[],
    topics: readonly TopicKey[],
  ): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.$queryRawUnsafe(LOCK_COUNTER);
      const [counter] = await tx.$queryRaw<{ seq: number; nowMs: number }[]>`
        select seq::float8 as seq, floor(extract(epoch from clock_timestamp()) * 1000)::float8 as "nowMs"
          from sequencer where id = 1`;
      if (!counter) throw new Error('the table sequencer has lost its row');
      const rows = eraseRows(replacement, counter.seq, {
        topics: await storedTopics(tx, topics),
        groups: await storedGroups(tx, [
          ...new Set([...groupIds, ...topics.map(({ groupId }) => groupId)]),
        ]),
      });
      await writeRows(tx, replacement, rows, counter.nowMs);
    });
  }

  /** The changes that hold it, page by page. */
  async *changes({ account }: Replacement): AsyncGenerator<readonly ChangeText[]> {
    let after = 0;
    for (;;) {
      const [last] = await this.database.connection.$queryRaw<{ seq: number | null }[]>`
        select max(p.seq)::float8 as seq
          from (select seq from changes where seq > ${after}::bigint order by seq limit ${PAGE}) p`;
      if (!last || last.seq === null) return;
      yield await this.database.connection.$queryRaw<ChangeText[]>`
        select c.group_id as "groupId", c.seq::float8 as seq, c.before, c.after
          from changes c
         where c.seq > ${after}::bigint
           and c.seq <= ${last.seq}::bigint
           and (c.operator_account = ${account}
                or position(${jsonText(account)} in c.before::text) > 0
                or position(${jsonText(account)} in c.after::text) > 0)
         order by c.seq`;
      after = last.seq;
    }
  }

  async writeChanges(
    { account, pseudonym }: Replacement,
    changes: readonly ChangeText[],
  ): Promise<void> {
    await this.database.connection.$executeRaw`
      update changes c
         set operator_account = case when c.operator_account = ${account} then ${pseudonym} else c.operator_account end,
             before = n.before,
             after = n.after
        from json_to_recordset(${JSON.stringify(changes)}::json)
          as n ("groupId" text, seq bigint, before json, after json)
       where c.group_id = n."groupId" and c.seq = n.seq`;
  }

  /** Lets services forget the changes that they have in memory. */
  async announce(): Promise<void> {
    await this.database.connection.$executeRaw`select pg_notify(${CHANNEL}, ${FORGET})`;
  }
}

async function storedTopics(tx: Transaction, keys: readonly TopicKey[]): Promise<StoredTopic[]> {
  if (keys.length === 0) return [];
  return tx.$queryRaw<StoredTopic[]>`
    select t.group_id as "groupId",
           t.topic_id as "topicId",
           t.deleted_at is not null as "isDeleted",
           t.seq::float8 as seq,
           json_build_object(${FIELDS_OF_TOPIC}) as fields,
           t.user_defined_data_list as list,
           t.registers
      from json_to_recordset(${JSON.stringify(keys)}::json) as k ("groupId" text, "topicId" text)
      join topics t on t.group_id = k."groupId" collate "C" and t.topic_id = k."topicId" collate "C"
     order by t.group_id, t.topic_id`;
}

async function storedGroups(tx: Transaction, groupIds: readonly string[]): Promise<StoredGroup[]> {
  return tx.$queryRaw<StoredGroup[]>`
    select g.group_id as "groupId", g.registers
      from groups g
     where g.group_id = any (${[...groupIds]}::text[])`;
}

async function writeRows(
  tx: Transaction,
  replacement: Replacement,
  { topics, groups, changes, seq }: ErasedRows,
  nowMs: number,
): Promise<void> {
  const now = Prisma.sql`to_timestamp(${nowMs}::float8 / 1000)`;
  await tx.$executeRaw`
    update topics t
       set ${replaced('t', TOPIC_TEXTS, replacement)},
           user_defined_data_list = n.list,
           registers = n.registers,
           updated_at = case when t.deleted_at is null then ${now} else t.updated_at end,
           seq = n.seq
      from json_to_recordset(${JSON.stringify(topics)}::json)
        as n ("groupId" text, "topicId" text, list jsonb, registers json, seq bigint)
     where t.group_id = n."groupId" collate "C" and t.topic_id = n."topicId" collate "C"`;
  await tx.$executeRaw`
    update groups g
       set ${replaced('g', GROUP_TEXTS, replacement)},
           registers = n.registers,
           seq = n.seq
      from json_to_recordset(${JSON.stringify(groups)}::json)
        as n ("groupId" text, registers json, seq bigint)
     where g.group_id = n."groupId" collate "C"`;
  // The values before are replaced like all of the history: the change only makes subscribers read again.
  await tx.$executeRaw`
    insert into changes (group_id, seq, topic_id, kind, origin, at, before, after)
    select n."groupId", n.seq, n."topicId", 'updated', 'reconcile', ${now}, n.fields, n.fields
      from json_to_recordset(${JSON.stringify(changes)}::json)
        as n ("groupId" text, seq bigint, "topicId" text, fields json)`;
  await tx.$executeRaw`update sequencer set seq = ${seq}::bigint, batch = batch + 1 where id = 1`;
  await tx.$executeRaw`select pg_notify(${CHANNEL}, ${String(seq)})`;
}

function textsIn(
  fields: Readonly<Record<string, { readonly column: string; readonly type: string }>>,
): (readonly [name: string, column: string])[] {
  return Object.entries(fields)
    .filter(([, { type }]) => type === 'text')
    .map(([name, { column }]) => [name, column]);
}

function columns(table: string, texts: readonly (readonly [string, string])[]): Prisma.Sql {
  return Prisma.join(texts.map(([, column]) => Prisma.raw(`${table}.${column}`)));
}

function replaced(
  table: string,
  texts: readonly (readonly [string, string])[],
  { account, pseudonym }: Replacement,
): Prisma.Sql {
  return Prisma.join(
    texts.map(([, name]) => {
      const column = Prisma.raw(name);
      const stored = Prisma.raw(`${table}.${name}`);
      return Prisma.sql`${column} = case when ${stored} = ${account} then ${pseudonym} else ${stored} end`;
    }),
  );
}

/** The account as JSON writes it, with and without quotes. */
function jsonText(account: string): string {
  return JSON.stringify(account);
}

function innerText(account: string): string {
  return JSON.stringify(account).slice(1, -1);
}
