import type { Change } from '../api/types.js';
import { Diff } from '../parts/diff.js';
import { Time } from '../parts/time.js';
import { KINDS, ORIGINS } from '../parts/words.js';

interface HistoryProps {
  readonly changes: readonly Change[];
  /** The `seq` of the change whose state is shown. */
  readonly chosen: number | null;
  /** So many of the first came while one looks. */
  readonly seen: number;
  hrefOf(seq: number): string;
  readonly onMore: (() => void) | null;
}

export function History({ changes, chosen, seen, hrefOf, onMore }: HistoryProps) {
  return (
    <section aria-labelledby="history">
      <h2 id="history">History</h2>
      <ol class="history">
        {changes.map((change, index) => (
          <li
            key={change.seq}
            class={`${change.seq === chosen ? 'chosen' : ''} ${index < seen ? 'fresh' : ''}`.trim()}
          >
            <p class="head">
              <span class={`badge ${change.kind}`}>{KINDS[change.kind]}</span>
              <Time at={change.at} withMs />
              {index < seen && <span class="badge created">new</span>}
            </p>
            <p class="by">{sourceOf(change)}</p>
            <Diff change={change} />
            <p>
              <a
                href={hrefOf(change.seq)}
                aria-current={change.seq === chosen ? 'true' : undefined}
              >
                The topic after this change
              </a>
            </p>
          </li>
        ))}
      </ol>
      {onMore && (
        <button type="button" onClick={onMore}>
          Show earlier changes
        </button>
      )}
    </section>
  );
}

/** Who, by what, and from where. */
export function sourceOf({ operatorAccount, origin, platform }: Change): string {
  return [
    operatorAccount === null ? 'by an unknown account' : `by ${operatorAccount}`,
    `known from a ${ORIGINS[origin]}`,
    ...(platform === null ? [] : [`from ${platform}`]),
  ].join(', ');
}
