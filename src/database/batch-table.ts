// One declaration of the columns of a table; the column lists of the statements that read and write a batch of its rows,
// and the parameters of these, are made from it. Pure.

type Cell = string | number | boolean | null;

/** As PostgreSQL names them. Instants are microseconds since 1970 in cells. */
type PlainType = 'text' | 'boolean' | 'integer' | 'bigint' | 'uuid' | 'timestamptz';
type ArrayType = PlainType | 'bytea';
type JsonType = 'json' | 'jsonb';

/** A column: its name, its type in PostgreSQL, and how its cell is made from a row. */
export type BatchColumn<Row> =
  | readonly [name: string, type: PlainType, cell: (row: Row) => Cell]
  | readonly [name: string, type: 'bytea', cell: (row: Row) => Buffer]
  | readonly [name: string, type: JsonType, cell: (row: Row) => unknown];

// `float8` keeps all microseconds, and is read faster than a timestamp.
const PARAMETER_TYPES = {
  text: 'text[]',
  boolean: 'boolean[]',
  integer: 'integer[]',
  bigint: 'bigint[]',
  uuid: 'uuid[]',
  bytea: 'bytea[]',
  timestamptz: 'float8[]',
} as const satisfies Record<ArrayType, string>;

/** A table as batches of its rows are read and written. */
export class BatchTable<Row> {
  // The parameters of `json_array_elements` stand behind those of `unnest`.
  private readonly columns: readonly BatchColumn<Row>[];

  constructor(columns: readonly BatchColumn<Row>[]) {
    this.columns = [...columns.filter(isArrayColumn), ...columns.filter(isJsonColumn)];
  }

  /** How many parameters a batch of rows is. */
  get width(): number {
    return this.columns.length;
  }

  /** `group_id, name, …` */
  get names(): string {
    return this.columns.map(([name]) => name).join(', ');
  }

  /** Select list that reads stored rows of the table under this alias, instants in microseconds. */
  stored(alias: string): string {
    return this.columns
      .map(([name, type]) =>
        type === 'timestamptz'
          ? `(date_part('epoch', ${alias}.${name}) * 1000000)::bigint as ${name}`
          : `${alias}.${name}`,
      )
      .join(', ');
  }

  /** Select list of the rows of `batch`. */
  get values(): string {
    return this.columns
      .map(([name, type]) => {
        if (type === 'timestamptz') return `to_timestamp(batch.${name} / 1000000)`;
        // JSON's null is no value.
        return type === 'jsonb' ? `nullif(batch.${name}, 'null')` : `batch.${name}`;
      })
      .join(', ');
  }

  /** `from` item: the rows of a batch, whose parameters begin with `$first`. */
  batch(first: number): string {
    const arrays = this.columns.flatMap(([, type], index) =>
      type === 'json' || type === 'jsonb' ? [] : `$${first + index}::${PARAMETER_TYPES[type]}`,
    );
    const lists = this.columns.flatMap(([, type], index) =>
      type === 'json' || type === 'jsonb'
        ? `${type}_array_elements($${first + index}::${type})`
        : [],
    );
    const functions = [`unnest(${arrays.join(', ')})`, ...lists].join(', ');
    return `rows from (${functions}) as batch(${this.names})`;
  }

  /** `name = excluded.name, …` for all columns but those of the key. */
  replaced(...key: readonly string[]): string {
    return this.columns
      .flatMap(([name]) => (key.includes(name) ? [] : `${name} = excluded.${name}`))
      .join(', ');
  }

  /** The parameters of a batch of rows. */
  parameters(rows: readonly Row[]): string[] {
    return this.columns.map((column) => parameterOf(column, rows));
  }
}

function isJsonColumn<Row>([, type]: BatchColumn<Row>): boolean {
  return type === 'json' || type === 'jsonb';
}

function isArrayColumn<Row>(column: BatchColumn<Row>): boolean {
  return !isJsonColumn(column);
}

/** Text and not a list: for a list the driver would look at each cell several times. */
function parameterOf<Row>([, type, cell]: BatchColumn<Row>, rows: readonly Row[]): string {
  switch (type) {
    case 'json':
    case 'jsonb':
      return JSON.stringify(rows.map(cell));
    case 'bytea':
      return `{${rows.map((row) => `"\\\\x${cell(row).toString('hex')}"`).join()}}`;
    default:
      return arrayLiteral(rows.map(cell));
  }
}

/** The array literal of PostgreSQL: that of JSON in other brackets, but for what JSON escapes. */
export function arrayLiteral(cells: readonly Cell[]): string {
  const json = JSON.stringify(cells);
  if (json.includes('\\')) return `{${cells.map(quoted).join()}}`;
  return `{${json.slice(1, -1)}}`;
}

function quoted(cell: Cell): string {
  return cell === null ? 'null' : `"${String(cell).replace(/["\\]/g, '\\$&')}"`;
}
