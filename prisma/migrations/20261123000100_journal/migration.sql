-- The journal of callbacks, the history of topics, and the functions through which the writer
-- works: one round trip to read the rows of a batch, one to write them. As functions their plans are
-- made once for a connection, and columns come as arrays because JSON took twice as long to parse.

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

create table "callbacks" (
    "id" uuid not null,
    "command" text,
    "group_id" text,
    "query" text not null,
    "body" bytea not null,
    "outcome" text not null,
    "first_seq" bigint,
    "last_seq" bigint,

    constraint "callbacks_pkey" primary key ("id"),
    constraint "callbacks_outcome" check (
        "outcome" in ('applied', 'unchanged', 'stale', 'ignored', 'unknown', 'invalid')
    )
);

-- Room on each page, so that a row is updated in place.
alter table "groups" set (fillfactor = 50);
alter table "topics" set (fillfactor = 80);

-- The state of the sequencer (kind s), the groups (g) and the topics (t) a batch may touch, all of one
-- moment. Dates are microseconds since 1970. Of `whole_groups` every topic is read.
create function mirror_read_v1(group_ids text[], topic_group_ids text[], topic_ids text[], whole_groups text[])
returns table (
    "kind" text, "group_id" text, "topic_id" text, "name" text, "type" text, "owner_account" text,
    "operator_account" text, "introduction" text, "notification" text, "face_url" text,
    "custom_string" text, "mute_all_member" boolean, "user_defined_data_list" jsonb, "seq" float8,
    "count" float8, "updated_us" float8, "doubted_us" float8, "verified_us" float8,
    "called_us" float8, "registers" json
)
language plpgsql stable
set plan_cache_mode = force_generic_plan
as $$
begin
    return query
    select 's', null, null, null, null, null, null, null, null, null, null, null::boolean,
           null::jsonb, s."seq"::float8, s."batch"::float8,
           (extract(epoch from clock_timestamp()) * 1000000)::float8, null::float8, null::float8,
           null::float8, null::json
      from "sequencer" s
     where s."id" = 1;
    return query
    select 'g', g."group_id", null, g."name", g."type", g."owner_account", null, null, null, null,
           null, null::boolean, null::jsonb, g."seq"::float8, g."topic_count"::float8, null::float8,
           (extract(epoch from g."doubted_at") * 1000000)::float8,
           (extract(epoch from g."verified_at") * 1000000)::float8,
           (extract(epoch from g."last_callback_at") * 1000000)::float8, g."registers"
      from "groups" g
     where g."group_id" = any (group_ids);
    return query
    select 't', t."group_id", t."topic_id", t."name", t."type", t."owner_account",
           t."operator_account", t."introduction", t."notification", t."face_url",
           t."custom_string", t."mute_all_member", t."user_defined_data_list", t."seq"::float8,
           null::float8, (extract(epoch from t."updated_at") * 1000000)::float8, null::float8,
           null::float8, null::float8, t."registers"
      from unnest(topic_group_ids, topic_ids) as wanted("group_id", "topic_id")
      join "topics" t on t."group_id" = wanted."group_id" and t."topic_id" = wanted."topic_id";
    if cardinality(whole_groups) > 0 then
        return query
        select 't', t."group_id", t."topic_id", t."name", t."type", t."owner_account",
               t."operator_account", t."introduction", t."notification", t."face_url",
               t."custom_string", t."mute_all_member", t."user_defined_data_list", t."seq"::float8,
               null::float8, (extract(epoch from t."updated_at") * 1000000)::float8, null::float8,
               null::float8, null::float8, t."registers"
          from "topics" t
         where t."group_id" = any (whole_groups);
    end if;
end
$$;

-- Keeps all other writers out until the transaction ends. Who waits longer gives up, so that a stuck
-- process cannot collect all the others, and a process that stops in the middle does not keep the lock.
create function mirror_lock_v1() returns void
language plpgsql
set lock_timeout = '4s'
as $$
begin
    perform set_config('idle_in_transaction_session_timeout', '5s', true);
    perform 1 from "sequencer" where "id" = 1 for update;
end
$$;

-- Writes a batch if no other was committed since `after_batch` batches, and says whether it did. It
-- waits for a writer that runs, then looks at the counter again. A batch that only fills the journal
-- has no `after_batch`: it needs no turn. A row of the journal that is there already stays, unless it
-- says for the first time what it changed.
create function mirror_write_v1(
    after_batch bigint,
    new_seq bigint,
    recorded_at timestamptz,
    g_group_id text[],
    g_name text[],
    g_type text[],
    g_owner_account text[],
    g_topic_count text[],
    g_seq text[],
    g_doubted_at text[],
    g_verified_at text[],
    g_last_callback_at text[],
    g_destroyed_at text[],
    g_registers text[],
    t_group_id text[],
    t_topic_id text[],
    t_name text[],
    t_type text[],
    t_owner_account text[],
    t_operator_account text[],
    t_introduction text[],
    t_notification text[],
    t_face_url text[],
    t_custom_string text[],
    t_mute_all_member text[],
    t_user_defined_data_list text[],
    t_created_at text[],
    t_updated_at text[],
    t_deleted_at text[],
    t_seq text[],
    t_registers text[],
    c_group_id text[],
    c_seq text[],
    c_topic_id text[],
    c_kind text[],
    c_origin text[],
    c_operator_account text[],
    c_platform text[],
    c_before text[],
    c_after text[],
    k_id text[],
    k_command text[],
    k_group_id text[],
    k_query text[],
    k_body text[],
    k_outcome text[],
    k_first_seq text[],
    k_last_seq text[]
)
returns boolean
language plpgsql
set plan_cache_mode = force_generic_plan
set lock_timeout = '4s'
as $$
begin
    if after_batch is not null then
        update "sequencer"
           set "seq" = new_seq, "batch" = "batch" + 1
         where "id" = 1 and "batch" = after_batch;
        if not found then
            return false;
        end if;
    end if;

    insert into "groups" (
        "group_id", "name", "type", "owner_account", "topic_count", "seq", "doubted_at",
        "verified_at", "last_callback_at", "destroyed_at", "registers"
    )
    select
        w."group_id", w."name", w."type", w."owner_account", w."topic_count"::integer,
        w."seq"::bigint, w."doubted_at"::timestamptz, w."verified_at"::timestamptz,
        w."last_callback_at"::timestamptz, w."destroyed_at"::timestamptz, w."registers"::json
    from unnest(
          g_group_id, g_name, g_type, g_owner_account, g_topic_count, g_seq, g_doubted_at,
          g_verified_at, g_last_callback_at, g_destroyed_at, g_registers
        ) as w(
          "group_id", "name", "type", "owner_account", "topic_count", "seq", "doubted_at",
          "verified_at", "last_callback_at", "destroyed_at", "registers"
        )
    on conflict ("group_id") do update set
        "name" = excluded."name",
        "type" = excluded."type",
        "owner_account" = excluded."owner_account",
        "topic_count" = excluded."topic_count",
        "seq" = excluded."seq",
        "doubted_at" = excluded."doubted_at",
        "verified_at" = excluded."verified_at",
        "last_callback_at" = excluded."last_callback_at",
        "destroyed_at" = excluded."destroyed_at",
        "registers" = excluded."registers";

    insert into "topics" (
        "group_id", "topic_id", "name", "type", "owner_account", "operator_account",
        "introduction", "notification", "face_url", "custom_string", "mute_all_member",
        "user_defined_data_list", "created_at", "updated_at", "deleted_at", "seq", "registers"
    )
    select
        w."group_id", w."topic_id", w."name", w."type", w."owner_account", w."operator_account",
        w."introduction", w."notification", w."face_url", w."custom_string",
        w."mute_all_member"::boolean, w."user_defined_data_list"::jsonb,
        w."created_at"::timestamptz, w."updated_at"::timestamptz, w."deleted_at"::timestamptz,
        w."seq"::bigint, w."registers"::json
    from unnest(
          t_group_id, t_topic_id, t_name, t_type, t_owner_account, t_operator_account,
          t_introduction, t_notification, t_face_url, t_custom_string, t_mute_all_member,
          t_user_defined_data_list, t_created_at, t_updated_at, t_deleted_at, t_seq, t_registers
        ) as w(
          "group_id", "topic_id", "name", "type", "owner_account", "operator_account",
          "introduction", "notification", "face_url", "custom_string", "mute_all_member",
          "user_defined_data_list", "created_at", "updated_at", "deleted_at", "seq", "registers"
        )
    on conflict ("group_id", "topic_id") do update set
        "name" = excluded."name",
        "type" = excluded."type",
        "owner_account" = excluded."owner_account",
        "operator_account" = excluded."operator_account",
        "introduction" = excluded."introduction",
        "notification" = excluded."notification",
        "face_url" = excluded."face_url",
        "custom_string" = excluded."custom_string",
        "mute_all_member" = excluded."mute_all_member",
        "user_defined_data_list" = excluded."user_defined_data_list",
        "created_at" = excluded."created_at",
        "updated_at" = excluded."updated_at",
        "deleted_at" = excluded."deleted_at",
        "seq" = excluded."seq",
        "registers" = excluded."registers";

    insert into "changes" (
        "group_id", "seq", "topic_id", "kind", "origin", "operator_account", "platform",
        "before", "after", "at"
    )
    select
        w."group_id", w."seq"::bigint, w."topic_id", w."kind", w."origin", w."operator_account",
        w."platform", w."before"::json, w."after"::json, recorded_at
    from unnest(
          c_group_id, c_seq, c_topic_id, c_kind, c_origin, c_operator_account, c_platform,
          c_before, c_after
        ) as w(
          "group_id", "seq", "topic_id", "kind", "origin", "operator_account", "platform",
          "before", "after"
        );

    insert into "callbacks" (
        "id", "command", "group_id", "query", "body", "outcome", "first_seq", "last_seq"
    )
    select
        w."id"::uuid, w."command", w."group_id", w."query", w."body"::bytea, w."outcome",
        w."first_seq"::bigint, w."last_seq"::bigint
    from unnest(
          k_id, k_command, k_group_id, k_query, k_body, k_outcome, k_first_seq, k_last_seq
        ) as w(
          "id", "command", "group_id", "query", "body", "outcome", "first_seq", "last_seq"
        )
    on conflict ("id") do update set
        "outcome" = excluded."outcome",
        "first_seq" = excluded."first_seq",
        "last_seq" = excluded."last_seq"
    where "callbacks"."first_seq" is null and excluded."first_seq" is not null;

    -- A hint for readers of the feed, once per batch: NOTIFY takes a lock over the whole server.
    if cardinality(c_seq) > 0 then
        perform pg_notify('topic_mirror', new_seq::text);
    end if;
    return true;
end
$$;
