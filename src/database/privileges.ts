import type pg from 'pg';
import { SchemaError } from './errors.js';

const NEEDED = ['select', 'insert', 'update', 'delete'] as const;

interface Missing {
  readonly role: string;
  readonly isSchemaClosed: boolean;
  /** By table, the privileges that are missing; `null`: none. */
  readonly tables: Readonly<Record<string, readonly string[]>> | null;
}

/**
 * Requires the privileges of a role that serves, on the tables that exist. Prisma's own is only read.
 * @throws SchemaError naming the grants.
 */
export async function checkPrivileges(client: pg.Client): Promise<void> {
  const { rows } = await client.query<Missing>(
    `select current_user as role,
            not has_schema_privilege('public', 'usage') as "isSchemaClosed",
            (select json_object_agg(m.name, m.privileges)
               from (select quote_ident(t.relname) as name, json_agg(p.privilege order by p.position) as privileges
                       from pg_class s
                       join pg_class t on t.relnamespace = s.relnamespace and t.relowner = s.relowner
                      cross join unnest($1::text[]) with ordinality p (privilege, position)
                      where s.relname = 'sequencer'
                        and s.relnamespace = 'public'::regnamespace
                        and t.relkind in ('r', 'p')
                        and (t.relname <> '_prisma_migrations' or p.privilege = 'select')
                        and not has_table_privilege(t.oid, p.privilege)
                      group by t.relname) m) as tables`,
    [NEEDED],
  );
  const [missing] = rows;
  if (!missing) return;
  const grants = grantsFor(missing);
  if (grants.length > 0) {
    throw new SchemaError(
      `The role of DATABASE_URL lacks privileges. As the owner of the tables run: ${grants.join('; ')} (or deploy/sql/roles.sql, which grants all that it needs)`,
    );
  }
}

function grantsFor({ role, isSchemaClosed, tables }: Missing): string[] {
  const to = `to "${role.replaceAll('"', '""')}"`;
  const tablesOf = new Map<string, string[]>();
  for (const [name, privileges] of Object.entries(tables ?? {})) {
    const list = privileges.join(', ');
    tablesOf.set(list, [...(tablesOf.get(list) ?? []), name]);
  }
  return [
    ...(isSchemaClosed ? [`grant usage on schema public ${to}`] : []),
    ...[...tablesOf].map(([list, names]) => `grant ${list} on ${names.join(', ')} ${to}`),
  ];
}
