import type { ApiError } from '../api/client.js';

/** Why there is nothing to see, or nothing newer, and what to do. */
export function Problem({ error }: { error: ApiError | null }) {
  if (error === null || error.status === 401) return null;
  return (
    <div class="problem" role="alert">
      {error.code === 'MISSING_SCOPE' ? (
        <MissingScope scope={String(error.members.scope)} />
      ) : (
        <p>
          {error.message}
          {error.status === 0 || error.status === 503 ? ' Trying again…' : ''}
        </p>
      )}
    </div>
  );
}

function MissingScope({ scope }: { scope: string }) {
  return (
    <p>
      Your API key may not read this: it lacks the scope <code>{scope}</code>. Bodies of callbacks
      may hold private things, so a key reads them only where <code>API_KEYS</code> says so:{' '}
      <code>name:hash:{scope}</code>. All other views work with this key.
    </p>
  );
}
