-- The smallest roles: `mirror_migrate` owns the tables and changes the schema, `mirror_serve` reads and writes rows. Run it as a
-- superuser, or as the owner of the database, who may create roles; before the first migration, and once more after it:
--
--   psql "$ADMIN_URL" --set ON_ERROR_STOP=1 --file deploy/sql/roles.sql
--   psql "$ADMIN_URL" --command '\password mirror_migrate' --command '\password mirror_serve'
begin;

do $$
declare
    database text := current_database();
begin
    if not exists (select from pg_roles where rolname = 'mirror_migrate') then
        create role mirror_migrate login;
    end if;
    if not exists (select from pg_roles where rolname = 'mirror_serve') then
        create role mirror_serve login;
    end if;
    -- Only a member of a role may change its default privileges.
    if not pg_has_role('mirror_migrate', 'usage') then
        execute format('grant mirror_migrate to %I', current_user);
    end if;
    execute format('revoke create, temporary on database %I from public', database);
    execute format('grant connect, create on database %I to mirror_migrate', database);
    execute format('grant connect on database %I to mirror_serve', database);
end
$$;

revoke create on schema public from public;
grant usage, create on schema public to mirror_migrate;
grant usage on schema public to mirror_serve;

-- Of tables to come, and of those that are there.
alter default privileges for role mirror_migrate in schema public
    grant select, insert, update, delete on tables to mirror_serve;
set local role mirror_migrate;
do $$
declare
    name text;
begin
    for name in
        select relname from pg_class
         where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relowner = 'mirror_migrate'::regrole
    loop
        execute format('grant select, insert, update, delete on public.%I to mirror_serve', name);
        if name = '_prisma_migrations' then
            revoke insert, update, delete on public._prisma_migrations from mirror_serve;
        end if;
    end loop;
end
$$;

commit;
