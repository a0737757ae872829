// The lock of the counter, as one statement of a transaction: keeps all other writers out until that ends, and gives
// up where another keeps it out. A process that stops in the middle does not keep the lock, whether it stops between
// two statements, before it has taken its lock, or before all of a statement was sent; against the last only
// PostgreSQL 17 and newer has a remedy.

/** How long a statement waits for a lock. */
export const LOCK_TIMEOUT = '4s';

export const LOCK_COUNTER = `
  with limits as materialized (
    select set_config('lock_timeout', '${LOCK_TIMEOUT}', true),
           set_config('idle_in_transaction_session_timeout', '5s', true),
           set_config('tcp_user_timeout', '5s', true)
  ), locked as materialized (
    select s.id
      from limits cross join sequencer s
     where s.id = 1
       for update of s
  )
  select case
           -- Only now: to wait for the lock would count as well.
           when current_setting('server_version_num')::integer >= 170000
           then set_config('transaction_timeout', '5s', true)
         end as "timeout"
    from locked`;
