import { useState } from 'preact/hooks';
import { replaceQuery, withParameter } from '../app/route.js';
import type { Choice } from './columns.js';
import type { Question } from './question.js';

const CUSTOM = 'custom.';

interface TopicFiltersProps {
  readonly question: Question;
  readonly query: URLSearchParams;
  readonly choices: readonly Choice[];
}

export function TopicFilters({ question, query, choices }: TopicFiltersProps) {
  const set = (name: string, value: string): void =>
    replaceQuery(withParameter(query, name, value === 'exclude' ? null : value));
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <label>
        Name contains
        <input
          type="search"
          value={question.q}
          onInput={(event) => set('q', event.currentTarget.value)}
        />
      </label>
      <label>
        Owner
        <input
          type="search"
          value={question.ownerAccount}
          onChange={(event) => set('ownerAccount', event.currentTarget.value)}
        />
      </label>
      <label>
        Deleted topics
        <select
          value={question.deleted}
          onChange={(event) => set('deleted', event.currentTarget.value)}
        >
          <option value="exclude">hide</option>
          <option value="include">show too</option>
          <option value="only">show alone</option>
        </select>
      </label>
      <CustomFilters question={question} query={query} choices={choices} />
    </form>
  );
}

function CustomFilters({ question, query, choices }: TopicFiltersProps) {
  const fields = choices.filter(({ id }) => id.startsWith(CUSTOM));
  const [field, setField] = useState('');
  const [value, setValue] = useState('');
  const add = (): void => {
    const name = field || fields[0]?.id;
    if (name === undefined || value === '') return;
    replaceQuery(withParameter(query, name, value));
    setValue('');
  };
  return (
    <>
      {fields.length > 0 && (
        <div class="pair">
          <label>
            Custom field
            <select
              value={field || fields[0]?.id}
              onChange={(event) => setField(event.currentTarget.value)}
            >
              {fields.map(({ id, title }) => (
                <option key={id} value={id}>
                  {title}
                </option>
              ))}
            </select>
          </label>
          <label>
            is
            <input
              value={value}
              onInput={(event) => setValue(event.currentTarget.value)}
              onKeyDown={(event) => {
                if (event.key === 'Enter') add();
              }}
            />
          </label>
          <button type="button" class="small" onClick={add}>
            Filter
          </button>
        </div>
      )}
      {question.custom.map(([key, only]) => (
        <button
          key={key}
          type="button"
          class="chip"
          aria-label={`Remove the filter ${key} is ${only}`}
          onClick={() => replaceQuery(withParameter(query, CUSTOM + key, null))}
        >
          {key} is {only} <span aria-hidden="true">×</span>
        </button>
      ))}
    </>
  );
}
