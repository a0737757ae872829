-- The schema of the mirror. What schema.prisma cannot say stands here alone: collations, checks, partial and
-- expression indexes, storage parameters, the trigger and the rows of tables that have just one.
--
-- Ids have the collation "C": under another one an upgrade of the operating system can change their order and
-- break the indexes. Keys of large tables begin with the group id, so that they can be distributed by group.

-- The lock of its row serialises the writers of all processes.
create table "sequencer" (
    "id" integer not null default 1,
    "seq" bigint not null default 0,
    "batch" bigint not null default 0,
    "journal_position" bigint not null default 0,
    "sdk_app_id" text,

    constraint "sequencer_pkey" primary key ("id"),
    constraint "sequencer_one_row" check ("id" = 1)
);

insert into "sequencer" default values;

-- Not in "sequencer", whose row every batch writes; the lock of that row guards this one as well.
create table "epoch" (
    "id" integer not null default 1,
    "epoch" uuid not null default gen_random_uuid(),
    "identity" jsonb,
    "lost" int8multirange not null default '{}',
    "began_at" timestamptz(6) not null default now(),

    constraint "epoch_pkey" primary key ("id"),
    constraint "epoch_one_row" check ("id" = 1)
);

insert into "epoch" default values;

-- Free space on each page lets a row be updated in place.
create table "groups" (
    "group_id" text collate "C" not null,
    "name" text,
    "type" text,
    "owner_account" text,
    "topic_count" integer not null default 0,
    "seq" bigint not null,
    "stale_since" timestamptz(6),
    "verified_at" timestamptz(6),
    "last_callback_at" timestamptz(6),
    "destroyed_at" timestamptz(3),
    "registers" json not null default '{}',

    constraint "groups_pkey" primary key ("group_id"),
    constraint "groups_topic_count" check ("topic_count" >= 0)
)
with (fillfactor = 50);

-- Partial: writes of groups that are not stale touch no index.
create index "groups_stale_since" on "groups" ("stale_since") where "stale_since" is not null;
-- The lists of groups: the name as in src/topics/api/group-list.repository.ts, and the state. Not seq and the last
-- callback, which every callback changes: with an index on them no row is updated in place, which tripled the time of
-- the writes of groups. These orders read all groups once.
create index "groups_name" on "groups" ((coalesce(left("name", 256), chr(1114111)) collate "C"), "group_id");
create index "groups_state" on "groups"
    ((case when "destroyed_at" is not null then 'destroyed' when "stale_since" is not null then 'stale'
           when "verified_at" is null then 'hooked' else 'verified' end collate "C"), "group_id");

create table "topics" (
    "group_id" text collate "C" not null,
    "topic_id" text collate "C" not null,
    "name" text,
    "type" text,
    "owner_account" text,
    "operator_account" text,
    "introduction" text,
    "notification" text,
    "face_url" text,
    "custom_string" text,
    "mute_all_member" boolean,
    "user_defined_data_list" jsonb,
    "created_at" timestamptz(3),
    "updated_at" timestamptz(3) not null,
    "deleted_at" timestamptz(3),
    "seq" bigint not null,
    "registers" json not null default '{}',

    constraint "topics_pkey" primary key ("group_id", "topic_id"),
    constraint "topics_user_defined_data_list" check (jsonb_typeof("user_defined_data_list") = 'array'),
    constraint "topics_group_id_fkey" foreign key ("group_id") references "groups"("group_id") on delete restrict on update restrict
)
with (fillfactor = 80);

-- The lists of topics over all groups; inside a group the primary key leads to at most a few hundred topics. The sort
-- keys are the expressions of src/topics/api/topic-page.repository.ts: never null, and short enough for a btree. A
-- part of a name has no index: a trigram index cost the writer more than all the others together.
create index "topics_topic_id" on "topics" ("topic_id", "group_id");
create index "topics_name" on "topics"
    ((coalesce(left("name", 256), chr(1114111)) collate "C"), "topic_id", "group_id");
create index "topics_created_at" on "topics"
    ((coalesce("created_at", timestamptz 'infinity')), "topic_id", "group_id");
create index "topics_updated_at" on "topics" ("updated_at", "topic_id", "group_id");
create index "topics_owner_account" on "topics" (left("owner_account", 256));
create index "topics_operator_account" on "topics" (left("operator_account", 256));
create index "topics_deleted" on "topics" ("topic_id", "group_id") where "deleted_at" is not null;
-- Every scan of the index reads the whole list of pending entries. With the default of 4 MB that took most of the time
-- of a list by a custom field; the smaller list costs the writer nothing measurable.
create index "topics_user_defined_data_list" on "topics"
    using gin ("user_defined_data_list" jsonb_path_ops) with (gin_pending_list_limit = 256);
-- With fewer samples one custom field in a hundred looks so common that the planner scans all topics in their order
-- instead of the index.
alter table "topics" alter column "user_defined_data_list" set statistics 1000;

create table "changes" (
    "group_id" text collate "C" not null,
    "seq" bigint not null,
    "topic_id" text collate "C" not null,
    "kind" text not null,
    "origin" text not null,
    "at" timestamptz(3) not null,
    "operator_account" text,
    "platform" text,
    "before" json not null,
    "after" json not null,

    constraint "changes_pkey" primary key ("group_id", "seq"),
    constraint "changes_kind" check ("kind" in ('created', 'updated', 'deleted', 'restored')),
    constraint "changes_origin" check ("origin" in ('callback', 'reconcile'))
);

create index "changes_seq_idx" on "changes" ("seq");
create index "changes_group_id_topic_id_seq_idx" on "changes" ("group_id", "topic_id", "seq");
-- Repairs are few among the changes, and counted by day.
create index "changes_repairs" on "changes" ("at") where "origin" = 'reconcile';

create table "feed_floor" (
    "id" integer not null default 1,
    "seq" bigint not null default 0,

    constraint "feed_floor_pkey" primary key ("id"),
    constraint "feed_floor_one_row" check ("id" = 1)
);

insert into "feed_floor" default values;

-- A trigger, so that the floor also rises when an operator deletes changes: a cursor below it has a hole ahead. The
-- lowest seq of "changes" cannot tell it, since seqs may be missing among those that are there.
create function raise_feed_floor() returns trigger language plpgsql as $$
begin
    if tg_op = 'TRUNCATE' then
        update "feed_floor" set "seq" = (select "seq" from "sequencer" where "id" = 1) where "id" = 1;
    else
        update "feed_floor" f
           set "seq" = r."seq"
          from (select max("seq") as "seq" from deleted_changes) r
         where f."id" = 1 and r."seq" > f."seq";
    end if;
    return null;
end
$$;

create trigger "changes_deleted" after delete on "changes"
    referencing old table as deleted_changes
    for each statement execute function raise_feed_floor();
create trigger "changes_truncated" after truncate on "changes"
    for each statement execute function raise_feed_floor();

create table "callbacks" (
    "id" uuid not null,
    "command" text,
    "group_id" text,
    "query" text not null,
    "body" bytea not null,
    "outcome" text not null,
    "first_seq" bigint,
    "last_seq" bigint,
    "position" bigint not null default 0,

    constraint "callbacks_pkey" primary key ("id"),
    constraint "callbacks_outcome" check (
        "outcome" in ('applied', 'unchanged', 'stale', 'ignored', 'unknown', 'invalid')
    )
);

-- Subscribers of the journal read it in the order of its commits.
create index "callbacks_position" on "callbacks" ("position", "id");
-- Lists of the journal. A command may be too long for an index: it holds the beginning. The outcomes of most callbacks
-- have no index, which every callback would pay for.
create index "callbacks_group_id" on "callbacks" ("group_id" collate "C", "id");
create index "callbacks_command" on "callbacks" ((left("command", 128) collate "C"), "id");
create index "callbacks_outcome" on "callbacks" ("outcome", "id")
    where "outcome" in ('unchanged', 'stale', 'unknown', 'invalid');

create table "reconcile_queue" (
    "group_id" text collate "C" not null,
    "stale_since" timestamptz(6),
    "snapshot_at" timestamptz(6),
    "leased_until" timestamptz(6),
    "failures" integer not null default 0,

    constraint "reconcile_queue_pkey" primary key ("group_id")
)
with (fillfactor = 70);

create index "reconcile_queue_stale_since" on "reconcile_queue" ("stale_since") where "stale_since" is not null;
create index "reconcile_queue_snapshot_at" on "reconcile_queue" ("snapshot_at" nulls first) where "stale_since" is null;

create table "group_listing" (
    "id" integer not null default 1,
    "next" decimal(20, 0),
    "total" integer,
    "listed" integer not null default 0,
    "started_at" timestamptz(6),
    "finished_at" timestamptz(6),
    "leased_until" timestamptz(6),
    "backfill_started_at" timestamptz(6),

    constraint "group_listing_pkey" primary key ("id"),
    constraint "group_listing_one_row" check ("id" = 1)
);

insert into "group_listing" default values;

create table "call_rates" (
    "command" text not null,
    "next_at" timestamptz(6) not null,

    constraint "call_rates_pkey" primary key ("command")
)
with (fillfactor = 10);

create table "deletion_brake" (
    "id" integer not null default 1,
    "hour_started_at" timestamptz(6),
    "deleted" integer not null default 0,

    constraint "deletion_brake_pkey" primary key ("id"),
    constraint "deletion_brake_one_row" check ("id" = 1)
)
with (fillfactor = 10);

insert into "deletion_brake" default values;

create table "clocks" (
    "process" text not null,
    "skew_ms" double precision not null,
    "seen_at" timestamptz(6) not null,

    constraint "clocks_pkey" primary key ("process")
)
with (fillfactor = 10);
