-- Ids are compared byte-wise: under another collation an upgrade of the operating system can
-- change their order and break the indexes.

create table "sequencer" (
    "id" integer not null default 1,
    "seq" bigint not null default 0,
    "batch" bigint not null default 0,

    constraint "sequencer_pkey" primary key ("id"),
    constraint "sequencer_one_row" check ("id" = 1)
);

insert into "sequencer" default values;

create table "groups" (
    "group_id" text collate "C" not null,
    "name" text,
    "type" text,
    "owner_account" text,
    "topic_count" integer not null default 0,
    "seq" bigint not null,
    "doubted_at" timestamptz(6),
    "verified_at" timestamptz(6),
    "last_callback_at" timestamptz(6),
    "destroyed_at" timestamptz(3),
    "registers" json not null default '{}',

    constraint "groups_pkey" primary key ("group_id"),
    constraint "groups_topic_count" check ("topic_count" >= 0)
);

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
);
