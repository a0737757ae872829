-- How much a batch would read, before it is read: in rows and KiB. Next to nothing is fetched for it: the length of a
-- text stands beside the place where it is kept; only of JSON that was compressed it has to be found out.
create function mirror_weight_v1(topic_group_ids text[], topic_ids text[], whole_groups text[]) returns bigint
language plpgsql stable
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
begin
    return (
        select count(*) + coalesce(sum(
                   coalesce(octet_length(r."name"), 0) + coalesce(octet_length(r."introduction"), 0)
                   + coalesce(octet_length(r."notification"), 0) + coalesce(octet_length(r."face_url"), 0)
                   + coalesce(octet_length(r."custom_string"), 0)
                   + case when pg_column_compression(r."user_defined_data_list") is null
                          then coalesce(pg_column_size(r."user_defined_data_list"), 0)
                          else octet_length(r."user_defined_data_list"::text)
                     end
               ), 0) / 1024
          from (
              select t."name", t."introduction", t."notification", t."face_url", t."custom_string",
                     t."user_defined_data_list"
                from unnest(topic_group_ids, topic_ids) as wanted("group_id", "topic_id")
                join "topics" t
                  on t."group_id" = wanted."group_id" and t."topic_id" = wanted."topic_id"
              union all
              (select t."name", t."introduction", t."notification", t."face_url", t."custom_string",
                      t."user_defined_data_list"
                 from "topics" t
                where t."group_id" = any (whole_groups)
                limit 10000)
          ) r
    );
end
$$;
