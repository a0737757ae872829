-- Of which database, and of which timeline of it, the seqs are. A process that may write compares `identity` with
-- the server it has connected to; where that is another, the counter was restored or copied: it jumps beyond all
-- that can have been given out, and the epoch gets another name. Not in "sequencer", whose row is written anew by
-- every batch; its lock guards this row as well.
create table "epoch" (
    "id" integer not null default 1,
    -- Goes into ETags and cursors of lists: no two databases have the same.
    "epoch" uuid not null default gen_random_uuid(),
    -- Null until the first process connects.
    "identity" jsonb,
    -- Seqs that this database never gave, but perhaps one of which it is a copy.
    "lost" int8multirange not null default '{}',
    "began_at" timestamptz(6) not null default now(),

    constraint "epoch_pkey" primary key ("id"),
    constraint "epoch_one_row" check ("id" = 1)
);

insert into "epoch" default values;
