import { useState } from 'preact/hooks';
import { access, enterKey } from '../api/session.js';
import { useStore } from './store.js';
import { useTitle } from './title.js';

export function KeyForm() {
  const isWrong = useStore(access) === 'wrong';
  const [key, setKey] = useState('');
  useTitle('API key');
  return (
    <form
      class="key-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (key.trim() !== '') enterKey(key.trim());
      }}
    >
      <h1>This mirror asks for an API key</h1>
      <p>
        Paste one of the keys whose hashes stand in the setting <code>API_KEYS</code>. It is kept in
        this tab until you close it, and sent to this server only.
      </p>
      <label for="key">API key</label>
      <input
        id="key"
        type="password"
        autocomplete="off"
        spellcheck={false}
        value={key}
        onInput={(event) => setKey(event.currentTarget.value)}
        aria-describedby={isWrong ? 'key-problem' : undefined}
        aria-invalid={isWrong}
      />
      {isWrong && (
        <p id="key-problem" class="problem" role="alert">
          The server does not know this key. Use the key itself, not its hash, and look whether its
          line is still in <code>API_KEYS</code>.
        </p>
      )}
      <button type="submit">Open</button>
    </form>
  );
}
