-- A role for reports and BI tools: it reads the views of the schema `mirror` and nothing else. Run it as the owner of the
-- database, who may create roles, or as a superuser; it can be repeated:
--
--   psql "$DATABASE_URL" --set ON_ERROR_STOP=1 --file deploy/sql/reader-role.sql
--   psql "$DATABASE_URL" --command '\password mirror_reader'
begin;

do $$
begin
    if not exists (select from pg_roles where rolname = 'mirror_reader') then
        create role mirror_reader login;
    end if;
    -- PostgreSQL lets every role create temporary tables.
    execute format('revoke create, temporary on database %I from public', current_database());
    execute format('grant connect on database %I to mirror_reader', current_database());
    -- Views of later versions.
    execute format('alter default privileges for role %I in schema mirror grant select on tables to mirror_reader',
                   (select pg_get_userbyid(nspowner) from pg_namespace where nspname = 'mirror'));
end
$$;

alter role mirror_reader connection limit 5;
-- Against accidents: a session can set others, but not what it may read.
alter role mirror_reader set default_transaction_read_only = on;
alter role mirror_reader set statement_timeout = '30s';
alter role mirror_reader set lock_timeout = '2s';
-- An open transaction keeps vacuum from removing dead rows.
alter role mirror_reader set idle_in_transaction_session_timeout = '60s';
alter role mirror_reader set search_path = mirror;

-- Before version 15 PostgreSQL lets every role create tables there.
revoke create on schema public from public;
grant usage on schema mirror to mirror_reader;
grant select on all tables in schema mirror to mirror_reader;

commit;
