/** A custom field as the query API tells it. */
export interface CustomField {
  readonly key: string;
  readonly value: string;
}

/** The vendor's `[{ Key, Value }]` told; what is not of that form is kept in the row but not told. */
export function customFields(stored: readonly unknown[] | null): readonly CustomField[] | null {
  return stored?.flatMap(customField) ?? null;
}

function customField(item: unknown): CustomField[] {
  if (typeof item !== 'object' || item === null || !('Key' in item)) return [];
  const value = 'Value' in item ? item.Value : '';
  return [{ key: asText(item.Key), value: asText(value) }];
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
