import { Logger } from '@nestjs/common';
import type pg from 'pg';
import { SchemaError } from './errors.js';

interface Parameter {
  readonly isUsable: (setting: string) => boolean;
  readonly advice: string;
}

// A statement that runs for longer is given up by this side anyway.
const LONGEST_MS = 5_000;

const SWITCHED_OFF: Parameter = { isUsable: (setting) => setting === 'off', advice: 'off' };
const LONG_OR_NONE: Parameter = {
  isUsable: (setting) => Number(setting) === 0 || Number(setting) >= LONGEST_MS,
  advice: '0, or 5s and more',
};

const ISOLATION = 'default_transaction_isolation';

// What may be set on a database or a role, and would fail every callback or change what is read.
const PARAMETERS: Readonly<Record<string, Parameter>> = {
  default_transaction_read_only: SWITCHED_OFF,
  statement_timeout: LONG_OR_NONE,
  lock_timeout: LONG_OR_NONE,
  idle_in_transaction_session_timeout: LONG_OR_NONE,
  transaction_timeout: LONG_OR_NONE,
  // Fewer digits would round `seq`.
  extra_float_digits: { isUsable: (setting) => Number(setting) >= 0, advice: '1' },
  // What is not known would become the text NULL.
  array_nulls: { isUsable: (setting) => setting === 'on', advice: 'on' },
  // Otherwise no trigger would raise the floor of the feed.
  session_replication_role: { isUsable: (setting) => setting === 'origin', advice: 'origin' },
};

/**
 * Requires settings of the server, the database and the role with which the service can work.
 * @throws SchemaError naming the parameters.
 */
export async function checkParameters(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string; setting: string }>(
    'select name, setting from pg_settings where name = any ($1) order by name',
    [[...Object.keys(PARAMETERS), ISOLATION]],
  );
  const found = rows.flatMap(({ name, setting }) => {
    const parameter = PARAMETERS[name];
    return parameter === undefined || parameter.isUsable(setting)
      ? []
      : [`${name} = ${setting} (needed: ${parameter.advice})`];
  });
  const [schema] = (await client.query<{ name: string | null }>('select current_schema() as name'))
    .rows;
  if (schema?.name !== 'public') {
    found.push(`search_path that leads to ${schema?.name ?? 'no schema'} (needed: public)`);
  }
  if (found.length > 0) {
    throw new SchemaError(
      `PostgreSQL runs with ${found.join(', ')}, and the mirror cannot work with that. Set it for the role of DATABASE_URL: alter role … set …`,
    );
  }
  const isolation = rows.find(({ name }) => name === ISOLATION)?.setting;
  if (isolation !== undefined && isolation !== 'read committed') {
    new Logger('Database').warn(
      `${ISOLATION} is ${isolation}: the mirror takes read committed for its transactions, and repeats what fails for a conflict`,
    );
  }
}
