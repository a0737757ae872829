import { Reconciliation, type Scope } from '../reconcile/reconciliation.js';
import type { ChangeRow } from '../topics/domain/rows.js';
import type { StaleReason } from '../topics/domain/model.js';
import {
  type Command,
  countOf,
  MissingSettingsError,
  type Options,
  textOf,
  UsageError,
} from './command.js';

// With the indentation and the gaps 100 columns.
const WIDTHS = { field: 19, value: 36 };

/** Why a group stays stale. */
const LEFT = {
  unspecific_callback: () => 'stale: a callback came in the meantime',
  ambiguous_order: () => 'stale: a callback came in the meantime',
  concurrent_callback: () => 'stale: a callback came in the meantime',
  contradiction: (at) =>
    `stale: the response contradicts a recent callback; reconcile again after ${at}`,
  deletions_held: (at) =>
    `deletions are held: reconcile again after ${at}, or confirm them with --confirm-deletions`,
} as const satisfies Record<StaleReason, (at: string) => string>;

/** Compares groups with the vendor now, and shows what differed. */
export const reconcile: Command = {
  summary: 'compare groups with the vendor and repair them; without options the stale ones',
  options: {
    group: { type: 'string', meaning: 'only this group' },
    all: { type: 'boolean', meaning: 'all groups of the app and of the mirror' },
    'dry-run': { type: 'boolean', meaning: 'print the differences, write nothing' },
    'confirm-deletions': { type: 'boolean', meaning: 'carry out deletions that are held' },
  },
  run: async (app, options, print, progress) => {
    const reconciliation = app.get(Reconciliation);
    if (!reconciliation.isPossible) {
      throw new MissingSettingsError('set IM_API_HOST and IM_SECRET_KEY first');
    }
    const isPersisted = options['dry-run'] !== true;
    const repair = { isPersisted, isConfirmed: options['confirm-deletions'] === true };
    let seen = 0;
    const sum = { groups: 0, inconclusive: 0, unknown: 0, left: 0, changes: 0 };
    for await (const reconciled of reconciliation.run(scopeOf(options), repair)) {
      const { snapshot, changes, left, isUnknown } = reconciled;
      progress.report((seen += 1), null, 'groups');
      if (snapshot.kind === 'inconclusive') {
        sum.inconclusive += 1;
        print(`${snapshot.groupId}: not compared, ${snapshot.reason}`);
        continue;
      }
      if (isUnknown) {
        sum.unknown += 1;
        print(`${snapshot.vendorSnapshot.groupId}: neither the vendor nor the mirror knows it`);
        continue;
      }
      sum.groups += 1;
      if (left) {
        sum.left += 1;
        print(`${snapshot.vendorSnapshot.groupId}: ${LEFT[left.reason](left.at.toISOString())}`);
      }
      if (sum.changes === 0 && changes.length > 0) print(row('field', 'mirror', 'vendor'));
      sum.changes += changes.length;
      for (const line of linesOf(snapshot.vendorSnapshot.groupId, changes)) print(line);
    }
    progress.end();
    const topics = countOf(sum.changes, 'topic');
    print(
      `${countOf(sum.groups, 'group')} compared, ${sum.inconclusive} without a usable answer; ${topics} ${isPersisted ? 'repaired' : 'with differences, nothing was written'}`,
    );
    return sum.inconclusive + sum.unknown + sum.left === 0 && (isPersisted || sum.changes === 0);
  },
};

function scopeOf(options: Options): Scope {
  const groupId = textOf(options, 'group');
  if (groupId !== undefined && options.all === true) {
    throw new UsageError('--group and --all exclude each other');
  }
  if (groupId !== undefined) return { groupId };
  return options.all === true ? 'all' : 'stale';
}

/** The group, its topics, and a row for each field that differs. */
function linesOf(groupId: string, changes: readonly ChangeRow[]): string[] {
  if (changes.length === 0) return [];
  return [
    groupId,
    ...changes.flatMap(({ kind, topicId, before, after }) => [
      `  ${kind} ${topicId}`,
      ...Object.keys(after).map((field) =>
        row(field, valueOf(before[field]), valueOf(after[field])),
      ),
    ]),
  ];
}

function row(field: string, ...values: readonly string[]): string {
  const cells = values.map((value) => value.padEnd(WIDTHS.value));
  return `    ${field.padEnd(WIDTHS.field)}  ${cells.join('  ')}`.trimEnd();
}

function valueOf(value: unknown): string {
  const text = value === undefined ? '' : JSON.stringify(value);
  return text.length > WIDTHS.value ? `${text.slice(0, WIDTHS.value - 1)}…` : text;
}
