import { Component, type ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

/** As the style sheet has it. */
const ROW_PX = 32;
const OVERSCAN = 10;

export interface Column<Row> {
  readonly id: string;
  readonly title: string;
  readonly widthPx: number;
  /** The parameter that orders by it. */
  readonly sort?: string;
  readonly isNumber?: boolean;
  cell(row: Row): ComponentChildren;
  /** Marks a cell, and says what it was before. */
  mark?(row: Row): string | null;
}

export interface VirtualTableProps<Row> {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  keyOf(row: Row): string | number;
  classOf?(row: Row): string;
  /** Such as `name` or `-name`. */
  readonly sort?: string;
  onSort?(sort: string): void;
  readonly empty: ComponentChildren;
}

/** A table that draws only the rows in sight, however many it has. */
export function VirtualTable<Row>(props: VirtualTableProps<Row>) {
  const { label, rows, columns, keyOf, classOf, empty } = props;
  const region = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ first: 0, count: 40 });
  useLayoutEffect(() => {
    const element = region.current;
    if (!element) return undefined;
    const look = (): void => {
      const first = Math.max(0, Math.floor(element.scrollTop / ROW_PX) - OVERSCAN);
      const count = Math.ceil(element.clientHeight / ROW_PX) + 2 * OVERSCAN;
      setView((now) => (now.first === first && now.count === count ? now : { first, count }));
    };
    const sizes = new ResizeObserver(look);
    sizes.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      sizes.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, []);
  const first = Math.min(view.first, Math.max(0, rows.length - view.count));
  const shown = rows.slice(first, first + view.count);
  const below = rows.length - first - shown.length;
  return (
    <div class="table-region" role="region" aria-label={label} tabIndex={0} ref={region}>
      <table
        aria-rowcount={rows.length + 1}
        style={{ minWidth: `${columns.reduce((sum, { widthPx }) => sum + widthPx, 0)}px` }}
      >
        <colgroup>
          {columns.map(({ id, widthPx }) => (
            <col key={id} style={{ width: `${widthPx}px` }} />
          ))}
        </colgroup>
        <Head {...props} />
        <tbody>
          {first > 0 && <Spacer rows={first} columns={columns.length} />}
          {shown.map((row, index) => (
            <TableRow
              key={keyOf(row)}
              row={row}
              columns={columns}
              index={first + index + 2}
              class={classOf?.(row) ?? ''}
            />
          ))}
          {below > 0 && <Spacer rows={below} columns={columns.length} />}
        </tbody>
      </table>
      {rows.length === 0 && <div class="empty">{empty}</div>}
    </div>
  );
}

function Head<Row>({ columns, sort, onSort }: VirtualTableProps<Row>) {
  return (
    <thead>
      <tr aria-rowindex={1}>
        {columns.map((column) => {
          const isDown = sort === `-${column.sort}`;
          const isSorted = column.sort !== undefined && (isDown || sort === column.sort);
          return (
            <th
              key={column.id}
              scope="col"
              class={column.isNumber ? 'number' : ''}
              aria-sort={isSorted ? (isDown ? 'descending' : 'ascending') : undefined}
            >
              {column.sort !== undefined && onSort ? (
                <button
                  type="button"
                  class="sort"
                  onClick={() => onSort(isSorted && !isDown ? `-${column.sort}` : `${column.sort}`)}
                >
                  {column.title}
                  <span aria-hidden="true">{isSorted ? (isDown ? ' ↓' : ' ↑') : ''}</span>
                </button>
              ) : (
                <span title={column.title}>{column.title}</span>
              )}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

interface TableRowProps<Row> {
  readonly row: Row;
  readonly columns: readonly Column<Row>[];
  readonly index: number;
  readonly class: string;
}

class TableRow<Row> extends Component<TableRowProps<Row>> {
  override shouldComponentUpdate(next: TableRowProps<Row>): boolean {
    const { row, columns, index } = this.props;
    return (
      next.row !== row ||
      next.columns !== columns ||
      next.index !== index ||
      next.class !== this.props.class
    );
  }

  override render({ row, columns, index, class: name }: TableRowProps<Row>) {
    return (
      <tr aria-rowindex={index} class={name}>
        {columns.map((column) => {
          const before = column.mark?.(row) ?? null;
          const classes = `${column.isNumber ? 'number' : ''} ${before === null ? '' : 'changed'}`;
          return (
            <td key={column.id} class={classes.trim()} title={before ?? undefined}>
              {column.cell(row)}
            </td>
          );
        })}
      </tr>
    );
  }
}

function Spacer({ rows, columns }: { rows: number; columns: number }) {
  return (
    <tr aria-hidden="true" class="spacer" style={{ height: `${rows * ROW_PX}px` }}>
      <td colSpan={columns} />
    </tr>
  );
}
