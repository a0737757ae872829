import { Inspection, type Scope } from '../reconcile/inspection.js';
import type { ChangeRow } from '../topics/snapshot.js';
import type { StaleReason } from '../topics/topic.js';
import { type Command, type Options, textOf, UsageError } from './command.js';

const MAX_VALUE = 60;

/** What is said of a group that stays stale. */
const LEFT = {
  unspecific_callback: () => 'stale, a callback came in the meantime',
  ambiguous_order: () => 'stale, a callback came in the meantime',
  concurrent_callback: () => 'stale, a callback came in the meantime',
  contradiction: (at) =>
    `stale, the answer denies what a callback has just said; ask again after ${at}`,
  deletions_held: (at) =>
    `deletions are held back; ask again after ${at}, or confirm them with --confirm-deletions`,
} as const satisfies Record<StaleReason, (at: string) => string>;

/** Compares groups with the vendor now, and shows what differed. */
export const reconcile: Command = {
  summary: 'compare groups with the vendor and repair them: those that a callback outdated',
  options: {
    group: { type: 'string', meaning: 'only this group' },
    all: { type: 'boolean', meaning: 'all groups of the app and of the mirror' },
    'dry-run': { type: 'boolean', meaning: 'show what differs, write nothing' },
    'confirm-deletions': { type: 'boolean', meaning: 'carry out deletions that are held back' },
  },
  run: async (app, options, print) => {
    const inspection = app.get(Inspection);
    if (!inspection.isPossible) throw new UsageError('set IM_API_HOST and IM_SECRET_KEY first');
    const isKept = options['dry-run'] !== true;
    const repair = { isKept, isConfirmed: options['confirm-deletions'] === true };
    const sum = { groups: 0, untold: 0, unknown: 0, left: 0, changes: 0 };
    for await (const inspected of inspection.inspect(scopeOf(options), repair)) {
      const { look, changes, left, isUnknown } = inspected;
      if (look.kind === 'untold') {
        sum.untold += 1;
        print(`${look.groupId}: not compared, ${look.reason}`);
        continue;
      }
      if (isUnknown) {
        sum.unknown += 1;
        print(`${look.verification.groupId}: neither the vendor nor the mirror knows it`);
        continue;
      }
      sum.groups += 1;
      if (left) {
        sum.left += 1;
        print(`${look.verification.groupId}: ${LEFT[left.reason](left.at.toISOString())}`);
      }
      for (const change of changes) {
        if (sum.changes === 0) print(row('kind', 'field', 'mirror', 'vendor', 'topic'));
        sum.changes += 1;
        for (const line of linesOf(change)) print(line);
      }
    }
    const what = isKept ? 'repaired' : 'differ, nothing was written';
    print(
      `${sum.groups} groups compared, ${sum.untold} without an answer; ${sum.changes} topics ${what}`,
    );
    return sum.untold + sum.unknown + sum.left === 0 && (isKept || sum.changes === 0);
  },
};

function scopeOf(options: Options): Scope {
  const groupId = textOf(options, 'group');
  if (groupId !== undefined && options.all === true) {
    throw new UsageError('--group and --all exclude each other');
  }
  if (groupId !== undefined) return { groupId };
  return options.all === true ? 'all' : 'outdated';
}

/** A line for each field that differs. */
function linesOf({ kind, topicId, before, after }: ChangeRow): string[] {
  return Object.keys(after).map((field) =>
    row(kind, field, valueOf(before[field]), valueOf(after[field]), topicId),
  );
}

function row(...cells: readonly string[]): string {
  const widths = [8, 19, 24, 24];
  return cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  ');
}

function valueOf(value: unknown): string {
  const text = value === undefined ? '' : JSON.stringify(value);
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text;
}
