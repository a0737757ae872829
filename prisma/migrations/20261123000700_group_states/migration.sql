-- How many groups are in each state, counted as they change: a scraper asks for it every few seconds,
-- and to count them each time would read the whole table.

create table "group_states" (
    "state" text not null,
    "count" bigint not null default 0,

    constraint "group_states_pkey" primary key ("state")
)
with (fillfactor = 10);

-- The order of `stateOf` in src/topics/views.ts.
create function mirror_group_state(destroyed_at timestamptz, doubted_at timestamptz, verified_at timestamptz)
returns text
language sql immutable
as $$
    select case
             when destroyed_at is not null then 'destroyed'
             when doubted_at is not null then 'stale'
             when verified_at is null then 'hooked'
             else 'verified'
           end
$$;

create function mirror_count_groups() returns trigger language plpgsql as $$
declare
    was text := case when tg_op <> 'INSERT'
                     then mirror_group_state(old."destroyed_at", old."doubted_at", old."verified_at") end;
    becomes text := case when tg_op <> 'DELETE'
                         then mirror_group_state(new."destroyed_at", new."doubted_at", new."verified_at") end;
begin
    update "group_states"
       set "count" = "count" + case when "state" = becomes then 1 else -1 end
     where "state" in (was, becomes);
    return null;
end
$$;

create function mirror_count_no_groups() returns trigger language plpgsql as $$
begin
    update "group_states" set "count" = 0;
    return null;
end
$$;

create trigger "groups_added" after insert on "groups"
    for each row execute function mirror_count_groups();
-- Nearly every write leaves the state as it is, and then nothing is called.
create trigger "groups_changed" after update on "groups"
    for each row
    when (mirror_group_state(old."destroyed_at", old."doubted_at", old."verified_at")
          <> mirror_group_state(new."destroyed_at", new."doubted_at", new."verified_at"))
    execute function mirror_count_groups();
create trigger "groups_removed" after delete on "groups"
    for each row execute function mirror_count_groups();
create trigger "groups_truncated" after truncate on "groups"
    for each statement execute function mirror_count_no_groups();

-- The triggers above have locked out all writers until this is committed.
insert into "group_states" ("state", "count")
select s."state",
       count(g."group_id")
  from unnest(array['verified', 'hooked', 'stale', 'destroyed']) as s("state")
  left join "groups" g
    on mirror_group_state(g."destroyed_at", g."doubted_at", g."verified_at") = s."state"
 group by s."state";
