-- Plans are made once for a connection, and on a new database they are those for empty tables: each batch
-- then went through all topics. Of a function that is still called by the release before, so that
-- both run side by side.
alter function mirror_read_v1(text[], text[], text[], text[])
    set enable_seqscan = off
    set enable_hashjoin = off
    set enable_mergejoin = off;

-- The state of the sequencer, the groups and the topics a batch may touch, all of one moment, as one JSON
-- text: to take 20 columns of each row apart cost the writer more than all its other work on what it
-- read. Dates are microseconds since 1970. Of `whole_groups` every topic is read.
create function mirror_read_v2(group_ids text[], topic_group_ids text[], topic_ids text[], whole_groups text[])
returns text
language plpgsql stable
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
begin
    return (
        select json_build_object(
                   'seq', s."seq",
                   'batch', s."batch",
                   'now_us', (date_part('epoch', clock_timestamp()) * 1000000)::bigint,
                   'groups', (
                       select json_agg(r)
                         from (
                             select g."group_id", g."name", g."type", g."owner_account", g."seq",
                                    g."topic_count",
                                    (date_part('epoch', g."doubted_at") * 1000000)::bigint as "doubted_us",
                                    (date_part('epoch', g."verified_at") * 1000000)::bigint as "verified_us",
                                    (date_part('epoch', g."last_callback_at") * 1000000)::bigint as "called_us",
                                    g."registers"
                               from "groups" g
                              where g."group_id" = any (group_ids)
                         ) r
                   ),
                   'topics', (
                       select json_agg(r)
                         from (
                             select t."group_id", t."topic_id", t."name", t."type", t."owner_account",
                                    t."operator_account", t."introduction", t."notification",
                                    t."face_url", t."custom_string", t."mute_all_member",
                                    t."user_defined_data_list", t."seq",
                                    (date_part('epoch', t."updated_at") * 1000000)::bigint as "updated_us",
                                    t."registers"
                               from unnest(topic_group_ids, topic_ids) as wanted("group_id", "topic_id")
                               join "topics" t
                                 on t."group_id" = wanted."group_id" and t."topic_id" = wanted."topic_id"
                             union all
                             select t."group_id", t."topic_id", t."name", t."type", t."owner_account",
                                    t."operator_account", t."introduction", t."notification",
                                    t."face_url", t."custom_string", t."mute_all_member",
                                    t."user_defined_data_list", t."seq",
                                    (date_part('epoch', t."updated_at") * 1000000)::bigint,
                                    t."registers"
                               from "topics" t
                              where t."group_id" = any (whole_groups)
                         ) r
                   )
               )::text
          from "sequencer" s
         where s."id" = 1
    );
end
$$;

-- As `mirror_write_v1`, which the release before still calls: writes a batch if no other was committed since
-- `after_batch` batches, and says whether it did. What is JSON in the tables comes as one JSON list for a
-- column, which nobody has to quote, and which is parsed once; dates come as microseconds since 1970.
create function mirror_write_v2(
    after_batch bigint,
    new_seq bigint,
    recorded_us float8,
    g_group_id text[],
    g_name text[],
    g_type text[],
    g_owner_account text[],
    g_topic_count integer[],
    g_seq bigint[],
    g_doubted_us float8[],
    g_verified_us float8[],
    g_last_callback_us float8[],
    g_destroyed_us float8[],
    g_registers json,
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
    t_mute_all_member boolean[],
    t_user_defined_data_list jsonb,
    t_created_us float8[],
    t_updated_us float8[],
    t_deleted_us float8[],
    t_seq bigint[],
    t_registers json,
    c_group_id text[],
    c_seq bigint[],
    c_topic_id text[],
    c_kind text[],
    c_origin text[],
    c_operator_account text[],
    c_platform text[],
    c_before json,
    c_after json,
    k_id uuid[],
    k_command text[],
    k_group_id text[],
    k_query text[],
    k_body bytea[],
    k_outcome text[],
    k_first_seq bigint[],
    k_last_seq bigint[]
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
        w."group_id", w."name", w."type", w."owner_account", w."topic_count", w."seq",
        to_timestamp(w."doubted_us" / 1000000), to_timestamp(w."verified_us" / 1000000),
        to_timestamp(w."last_callback_us" / 1000000), to_timestamp(w."destroyed_us" / 1000000),
        w."registers"
    from rows from (
          unnest(
            g_group_id, g_name, g_type, g_owner_account, g_topic_count, g_seq, g_doubted_us,
            g_verified_us, g_last_callback_us, g_destroyed_us
          ),
          json_array_elements(g_registers)
        ) as w(
          "group_id", "name", "type", "owner_account", "topic_count", "seq", "doubted_us",
          "verified_us", "last_callback_us", "destroyed_us", "registers"
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
        w."introduction", w."notification", w."face_url", w."custom_string", w."mute_all_member",
        nullif(w."user_defined_data_list", 'null'), to_timestamp(w."created_us" / 1000000),
        to_timestamp(w."updated_us" / 1000000), to_timestamp(w."deleted_us" / 1000000), w."seq",
        w."registers"
    from rows from (
          unnest(
            t_group_id, t_topic_id, t_name, t_type, t_owner_account, t_operator_account,
            t_introduction, t_notification, t_face_url, t_custom_string, t_mute_all_member
          ),
          jsonb_array_elements(t_user_defined_data_list),
          unnest(t_created_us, t_updated_us, t_deleted_us, t_seq),
          json_array_elements(t_registers)
        ) as w(
          "group_id", "topic_id", "name", "type", "owner_account", "operator_account",
          "introduction", "notification", "face_url", "custom_string", "mute_all_member",
          "user_defined_data_list", "created_us", "updated_us", "deleted_us", "seq", "registers"
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
        w."group_id", w."seq", w."topic_id", w."kind", w."origin", w."operator_account",
        w."platform", w."before", w."after", to_timestamp(recorded_us / 1000000)
    from rows from (
          unnest(c_group_id, c_seq, c_topic_id, c_kind, c_origin, c_operator_account, c_platform),
          json_array_elements(c_before),
          json_array_elements(c_after)
        ) as w(
          "group_id", "seq", "topic_id", "kind", "origin", "operator_account", "platform",
          "before", "after"
        );

    insert into "callbacks" (
        "id", "command", "group_id", "query", "body", "outcome", "first_seq", "last_seq"
    )
    select * from unnest(
        k_id, k_command, k_group_id, k_query, k_body, k_outcome, k_first_seq, k_last_seq
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
