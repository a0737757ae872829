-- Up to which seq changes are no longer kept, whoever removed them: a cursor before that has a hole
-- ahead. Seqs may be missing among those that are kept, so the lowest of them does not tell it.
create table "feed_floor" (
    "id" integer not null default 1,
    "seq" bigint not null,

    constraint "feed_floor_pkey" primary key ("id"),
    constraint "feed_floor_one_row" check ("id" = 1)
);

-- What happened before there was a log is not in it.
insert into "feed_floor" ("seq")
select coalesce((select min("seq") - 1 from "changes"), (select "seq" from "sequencer"), 0);

create function mirror_raise_feed_floor() returns trigger language plpgsql as $$
begin
    if tg_op = 'TRUNCATE' then
        update "feed_floor" set "seq" = (select "seq" from "sequencer" where "id" = 1) where "id" = 1;
    else
        update "feed_floor" f
           set "seq" = r."seq"
          from (select max("seq") as "seq" from removed) r
         where f."id" = 1 and r."seq" > f."seq";
    end if;
    return null;
end
$$;

create trigger "changes_removed" after delete on "changes"
    referencing old table as removed
    for each statement execute function mirror_raise_feed_floor();
create trigger "changes_truncated" after truncate on "changes"
    for each statement execute function mirror_raise_feed_floor();
