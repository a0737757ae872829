-- The plan of the reconcile, shared by all processes: which group is looked at next, how far the list
-- of the app's groups was read, and when the next call of each REST command may leave.

create table "visits" (
    "group_id" text collate "C" not null,
    "hot_since" timestamptz(6),
    "asked_at" timestamptz(6),
    "held_until" timestamptz(6),
    "failures" integer not null default 0,

    constraint "visits_pkey" primary key ("group_id")
)
with (fillfactor = 70);

create index "visits_hot_since_idx" on "visits" ("hot_since") where "hot_since" is not null;
create index "visits_asked_at_idx" on "visits" ("asked_at" nulls first) where "hot_since" is null;

-- Only doubtful groups are in it: to write any other touches no index.
create index "groups_doubted_at_idx" on "groups" ("doubted_at") where "doubted_at" is not null;

create table "listing" (
    "id" integer not null default 1,
    "next" decimal(20, 0),
    "total" integer,
    "started_at" timestamptz(6),
    "finished_at" timestamptz(6),
    "held_until" timestamptz(6),
    "backfill_at" timestamptz(6),

    constraint "listing_pkey" primary key ("id"),
    constraint "listing_one_row" check ("id" = 1)
);

insert into "listing" default values;

create table "call_rates" (
    "command" text not null,
    "next_at" timestamptz(6) not null,

    constraint "call_rates_pkey" primary key ("command")
)
with (fillfactor = 10);
