-- What is needed to take an answer of the vendor as evidence: how much the answers have deleted lately, over all
-- processes, and how far the clocks of these differ.
set lock_timeout = '4s';

-- A mirror is of one app.
alter table "sequencer" add column "sdk_app_id" text;

alter table "listing" add column "listed" integer not null default 0;

create table "brake" (
    "id" integer not null default 1,
    "since" timestamptz(6),
    "deleted" integer not null default 0,
    "tripped_at" timestamptz(6),

    constraint "brake_pkey" primary key ("id"),
    constraint "brake_one_row" check ("id" = 1)
)
with (fillfactor = 10);

insert into "brake" default values;

create table "clocks" (
    "process" text not null,
    "skew_ms" double precision not null,
    "seen_at" timestamptz(6) not null,

    constraint "clocks_pkey" primary key ("process")
)
with (fillfactor = 10);
