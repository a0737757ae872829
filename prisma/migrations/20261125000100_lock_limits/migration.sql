-- As `mirror_lock_v1`, which the release before still calls: keeps all other writers out until the transaction
-- ends, and gives up where another keeps it out. A process that stops in the middle does not keep the
-- lock, whether it stops between two statements, before it has taken what it asked for, or before all of
-- a statement was sent; against the last only PostgreSQL 17 and newer has a remedy.
create function mirror_lock_v2() returns void
language plpgsql
set lock_timeout = '4s'
as $$
begin
    perform set_config('idle_in_transaction_session_timeout', '5s', true);
    perform set_config('tcp_user_timeout', '5s', true);
    perform 1 from "sequencer" where "id" = 1 for update;
    -- Only now: to wait for the lock would count as well.
    if current_setting('server_version_num')::integer >= 170000 then
        perform set_config('transaction_timeout', '5s', true);
    end if;
end
$$;
