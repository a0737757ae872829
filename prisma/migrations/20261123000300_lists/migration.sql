-- What the lists of topics over all groups are served from; inside a group the primary key leads to
-- at most a few hundred topics. The sort keys are the expressions of topic-lists.store.ts: never
-- null, and short enough for a btree whatever was sent. A part of a name has no index: a trigram
-- index cost the writer more than all the others together.

create index "topics_topic_id" on "topics" ("topic_id", "group_id");
create index "topics_name" on "topics"
    ((coalesce(left("name", 256), chr(1114111)) collate "C"), "topic_id", "group_id");
create index "topics_created_at" on "topics"
    ((coalesce("created_at", timestamptz 'infinity')), "topic_id", "group_id");
create index "topics_updated_at" on "topics" ("updated_at", "topic_id", "group_id");
create index "topics_owner_account" on "topics" (left("owner_account", 256));
create index "topics_operator_account" on "topics" (left("operator_account", 256));
create index "topics_user_defined_data_list" on "topics" using gin ("user_defined_data_list" jsonb_path_ops);
create index "topics_deleted" on "topics" ("topic_id", "group_id") where "deleted_at" is not null;

-- Cursors are signed with it, so that every process on this database takes those of the others.
create table "cursor_secret" (
    "id" integer not null default 1,
    "secret" text not null default gen_random_uuid()::text || gen_random_uuid()::text,

    constraint "cursor_secret_pkey" primary key ("id"),
    constraint "cursor_secret_one_row" check ("id" = 1)
);

insert into "cursor_secret" default values;

-- With fewer samples one custom field in a hundred looks so common that the planner goes through all
-- topics in their order instead of asking the index.
alter table "topics" alter column "user_defined_data_list" set statistics 1000;
