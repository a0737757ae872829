import type { Change, CustomField } from '../api/types.js';
import { isCustomFields, Value } from './value.js';
import { TOPIC_FIELDS } from './words.js';

interface Difference {
  readonly label: string;
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** The fields that a change changed, each as it was and as it became. */
export function Diff({ change }: { change: Pick<Change, 'kind' | 'before' | 'after'> }) {
  const differences = differencesOf(change);
  if (differences.length === 0) return <p class="none">No field changed.</p>;
  const isNew = change.kind === 'created';
  return (
    <dl class="diff">
      {differences.map(({ label, field, before, after }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            {!isNew && (
              <>
                <del>
                  <Value field={field} value={before} />
                </del>
                <span class="arrow"> → </span>
              </>
            )}
            <ins>
              <Value field={field} value={after} />
            </ins>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function differencesOf({ before, after }: Pick<Change, 'before' | 'after'>): Difference[] {
  return Object.entries(after).flatMap(([field, value]): Difference[] => {
    const was = before[field];
    if (isCustomFields(value)) return customDifferences(isCustomFields(was) ? was : [], value);
    return [{ label: TOPIC_FIELDS[field] ?? field, field, before: was, after: value }];
  });
}

/** Only the custom fields that differ. */
function customDifferences(
  before: readonly CustomField[],
  after: readonly CustomField[],
): Difference[] {
  const was = new Map(before.map(({ key, value }) => [key, value]));
  const is = new Map(after.map(({ key, value }) => [key, value]));
  return [...new Set([...was.keys(), ...is.keys()])]
    .filter((key) => was.get(key) !== is.get(key))
    .map((key) => ({
      label: `Custom field ${key}`,
      field: 'custom',
      before: was.get(key),
      after: is.get(key),
    }));
}
