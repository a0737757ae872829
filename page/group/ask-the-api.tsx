import { apiKey } from '../api/session.js';
import { CopyButton } from '../parts/copy-button.js';
import { type Question, questionAddress } from './question.js';

const LIMIT = 100;

/** The same question to the API, to copy. */
export function AskTheApi({ question }: { question: Question }) {
  const url = new URL(questionAddress(question, LIMIT), document.baseURI).href;
  return (
    <details class="menu">
      <summary>Ask the API</summary>
      <div>
        <p>The same question to the API:</p>
        <pre tabIndex={0}>{url}</pre>
        <p class="buttons">
          <CopyButton text={url}>Copy the address</CopyButton>
          <CopyButton text={curlOf(url)}>Copy as curl</CopyButton>
        </p>
      </div>
    </details>
  );
}

/** The key itself stays out of it. */
export function curlOf(url: string): string {
  const quoted = url.replaceAll("'", '%27');
  const key = apiKey.value === null ? '' : ' -H "Authorization: Bearer $API_KEY"';
  return `curl${key} '${quoted}'`;
}
