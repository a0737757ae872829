-- What the last batch was marked with: a process that sends a batch before it knows what became of its own batch
-- before must find just that one, and not the batch of another process that came in between.
set lock_timeout = '4s';
alter table "sequencer" add column "mark" text;

-- Takes the turn of a batch, until the transaction ends, if it is the next after `after_batch` batches, and the
-- last of them is marked `after_mark` unless that is null; says whether it is. A batch that fills only the journal
-- has no mark of its own and takes no turn; built on what is known to be committed, it has no `after_batch` either.
create function mirror_follow_v1(after_batch bigint, after_mark text, own_mark text) returns boolean
language plpgsql
set plan_cache_mode = force_generic_plan
set lock_timeout = '4s'
as $$
begin
    if own_mark is not null then
        update "sequencer"
           set "mark" = own_mark
         where "id" = 1 and "batch" = after_batch and (after_mark is null or "mark" = after_mark);
    elsif after_batch is not null then
        perform 1
           from "sequencer"
          where "id" = 1 and "batch" = after_batch and (after_mark is null or "mark" = after_mark);
    else
        return true;
    end if;
    return found;
end
$$;
