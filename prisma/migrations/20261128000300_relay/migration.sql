-- One row: up to where the journal was relayed, and which process relays.
create table "relay" (
    "id" integer not null default 1,
    "position" bigint not null,
    "callback_id" uuid not null,
    "holder" uuid,
    "leased_until" timestamptz(6),

    constraint "relay_pkey" primary key ("id"),
    constraint "relay_one_row" check ("id" = 1)
)
with (fillfactor = 10);

-- Lanes that were set aside: groups, and single callbacks of no group.
create table "relay_lanes" (
    "lane" text collate "C" not null,
    "is_group" boolean not null,
    "due_at" timestamptz(6) not null,
    "attempts" integer not null default 0,

    constraint "relay_lanes_pkey" primary key ("lane")
)
with (fillfactor = 70);

create index "relay_lanes_due_at" on "relay_lanes" ("due_at");

-- Their callbacks, up to the position.
create table "relay_backlog" (
    "callback_id" uuid not null,
    "position" bigint not null,
    "lane" text collate "C" not null,

    constraint "relay_backlog_pkey" primary key ("callback_id")
);

create index "relay_backlog_lane" on "relay_backlog" ("lane", "position", "callback_id");
