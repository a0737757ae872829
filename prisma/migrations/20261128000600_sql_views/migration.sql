-- The schema `mirror`: views for SQL clients, named and filled as the query API is. Columns are only added, at the end;
-- what is removed or changes its meaning becomes another schema beside this one. docs/sql.md repeats the comments.
create schema if not exists "mirror";

comment on schema "mirror" is 'topic-mirror: SQL contract, version 1';

create view "mirror"."groups" as
select g."group_id",
       g."name",
       g."type",
       g."owner_account",
       case
           when g."destroyed_at" is not null then 'destroyed'
           when g."stale_since" is not null then 'stale'
           when g."verified_at" is not null then 'verified'
           else 'hooked'
       end as "state",
       g."verified_at",
       case when g."destroyed_at" is null then g."stale_since" end as "stale_since",
       case when g."destroyed_at" is null and g."stale_since" is not null then g."registers" ->> 'r' end as "stale_reason",
       g."last_callback_at",
       g."topic_count",
       g."seq",
       g."destroyed_at"
  from "groups" g;

comment on view "mirror"."groups" is 'Communities, destroyed ones included: GET /groups';
comment on column "mirror"."groups"."group_id" is 'Id of the group; primary key';
comment on column "mirror"."groups"."name" is 'Name; null: unknown';
comment on column "mirror"."groups"."type" is 'Type, Community; null: unknown';
comment on column "mirror"."groups"."owner_account" is 'Account of the owner; null: unknown';
comment on column "mirror"."groups"."state" is 'verified: compared with the vendor; hooked: known from callbacks alone; stale: may be wrong; destroyed';
comment on column "mirror"."groups"."verified_at" is 'Time of the latest comparison with the vendor';
comment on column "mirror"."groups"."stale_since" is 'Since when the state is stale, else null';
comment on column "mirror"."groups"."stale_reason" is 'Why the state is stale, else null';
comment on column "mirror"."groups"."last_callback_at" is 'Arrival of the latest callback';
comment on column "mirror"."groups"."topic_count" is 'Number of topics that are not deleted';
comment on column "mirror"."groups"."seq" is 'Latest change of the group or of its topics';
comment on column "mirror"."groups"."destroyed_at" is 'Time of the destruction; null: alive';

create view "mirror"."topics" as
select t."group_id",
       t."topic_id",
       t."name",
       t."type",
       t."owner_account",
       t."operator_account",
       t."introduction",
       t."notification",
       t."face_url",
       t."custom_string",
       t."mute_all_member",
       case
           when t."user_defined_data_list" is not null then coalesce(
               (select jsonb_agg(jsonb_build_object('key', f.item -> 'Key', 'value', f.item -> 'Value') order by f.position)
                  from jsonb_array_elements(t."user_defined_data_list") with ordinality f (item, position)),
               '[]')
       end as "user_defined_data_list",
       t."created_at",
       t."updated_at",
       t."deleted_at",
       t."seq"
  from "topics" t;

comment on view "mirror"."topics" is 'Topics, deleted ones included: GET /topics?deleted=include';
comment on column "mirror"."topics"."group_id" is 'Id of its group; primary key, with topic_id';
comment on column "mirror"."topics"."topic_id" is 'Id of the topic within its group';
comment on column "mirror"."topics"."name" is 'Name; here and below, null: unknown, empty text: known to be empty';
comment on column "mirror"."topics"."type" is 'Type of its group, Community';
comment on column "mirror"."topics"."owner_account" is 'Account of the owner';
comment on column "mirror"."topics"."operator_account" is 'Account that changed it last';
comment on column "mirror"."topics"."introduction" is 'Introduction';
comment on column "mirror"."topics"."notification" is 'Notice';
comment on column "mirror"."topics"."face_url" is 'Address of its picture';
comment on column "mirror"."topics"."custom_string" is 'Text of the app';
comment on column "mirror"."topics"."mute_all_member" is 'Whether all members are muted';
comment on column "mirror"."topics"."user_defined_data_list" is 'Custom fields in the order of the vendor, as [{"key", "value"}]; topic_fields has them as rows';
comment on column "mirror"."topics"."created_at" is 'Time of the creation, as far as callbacks tell';
comment on column "mirror"."topics"."updated_at" is 'When the mirror last changed the row';
comment on column "mirror"."topics"."deleted_at" is 'Time of the deletion; null: not deleted';
comment on column "mirror"."topics"."seq" is 'Latest change of the topic';

create view "mirror"."topic_fields" as
select t."group_id",
       t."topic_id",
       f.position::integer as "position",
       f.item ->> 'Key' as "key",
       f.item ->> 'Value' as "value"
  from "topics" t
 cross join lateral jsonb_array_elements(t."user_defined_data_list") with ordinality f (item, position);

comment on view "mirror"."topic_fields" is 'One row for each custom field of a topic, deleted topics included';
comment on column "mirror"."topic_fields"."group_id" is 'Id of the group; primary key, with topic_id and position';
comment on column "mirror"."topic_fields"."topic_id" is 'Id of the topic within its group';
comment on column "mirror"."topic_fields"."position" is 'Position in the list of the vendor, from 1';
comment on column "mirror"."topic_fields"."key" is 'Key; the vendor may send one several times';
comment on column "mirror"."topic_fields"."value" is 'Value';

create view "mirror"."changes" as
select c."seq",
       c."group_id",
       c."topic_id",
       c."kind",
       c."origin",
       c."at",
       c."operator_account",
       c."platform",
       c."before"::jsonb as "before",
       c."after"::jsonb as "after"
  from "changes" c;

comment on view "mirror"."changes" is 'History of topics, in the order of commits: GET /changes';
comment on column "mirror"."changes"."seq" is 'Number of the change; primary key. Rises with every commit: none appears below one that was read';
comment on column "mirror"."changes"."group_id" is 'Id of the group';
comment on column "mirror"."changes"."topic_id" is 'Id of the topic within its group';
comment on column "mirror"."changes"."kind" is 'created, updated, deleted, restored';
comment on column "mirror"."changes"."origin" is 'callback, reconcile';
comment on column "mirror"."changes"."at" is 'When the mirror recorded it';
comment on column "mirror"."changes"."operator_account" is 'Account that made the change; null: unknown';
comment on column "mirror"."changes"."platform" is 'OptPlatform of the callback, such as RESTAPI';
comment on column "mirror"."changes"."before" is 'Fields that changed, by their names in the query API, with their values before';
comment on column "mirror"."changes"."after" is 'The same fields with their values after';
