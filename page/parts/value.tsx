import type { CustomField } from '../api/types.js';
import { Time } from './time.js';

const DATES = new Set(['createdAt', 'updatedAt', 'deletedAt']);

/** A field of a topic; what the mirror never learned and what is known to be empty look different. */
export function Value({ field, value }: { field: string; value: unknown }) {
  if (value === null || value === undefined) {
    return <span class="none">{DATES.has(field) ? '–' : 'unknown'}</span>;
  }
  if (value === '') return <span class="none">empty</span>;
  if (typeof value === 'boolean') return <>{value ? 'yes' : 'no'}</>;
  if (DATES.has(field)) return <Time at={String(value)} withMs />;
  if (isCustomFields(value)) return <CustomFields fields={value} />;
  return <span class="text">{String(value)}</span>;
}

function CustomFields({ fields }: { fields: readonly CustomField[] }) {
  if (fields.length === 0) return <span class="none">none</span>;
  return (
    <ul class="custom-fields">
      {fields.map(({ key, value }, index) => (
        <li key={`${index} ${key}`}>
          <span class="key">{key}</span> <Value field="" value={value} />
        </li>
      ))}
    </ul>
  );
}

export function isCustomFields(value: unknown): value is readonly CustomField[] {
  return Array.isArray(value);
}
