import type { Choice } from './columns.js';

interface ColumnPickerProps {
  readonly choices: readonly Choice[];
  readonly chosen: readonly string[];
  onChoose(ids: readonly string[]): void;
}

export function ColumnPicker({ choices, chosen, onChoose }: ColumnPickerProps) {
  const toggle = (id: string): void =>
    onChoose(chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id]);
  return (
    <details class="menu">
      <summary>Columns</summary>
      <fieldset>
        <legend class="hidden">Columns to show</legend>
        {choices.map(({ id, title }) => (
          <label key={id}>
            <input type="checkbox" checked={chosen.includes(id)} onChange={() => toggle(id)} />
            {title}
          </label>
        ))}
      </fieldset>
    </details>
  );
}
