import type { Status } from '../api/types.js';
import { CopyButton } from '../parts/copy-button.js';

const SAMPLE = {
  CallbackCommand: 'Group.CallbackAfterCreateTopic',
  GroupId: '@TGS#2J4SZEAEL',
  TopicId: '@TGS#_@TGS#cQVLVHIM62CJ@TOPIC#_@TOPIC#cRTE3HIM62C5',
  Operator_Account: 'group_root',
  Owner_Account: 'leckie',
  Type: 'Community',
  Name: 'MyFirstTopic',
  UserDefinedDataList: [
    { Key: 'UserDefined1', Value: 'hello' },
    { Key: 'UserDefined2', Value: 'world' },
  ],
};

/** What to do before anything can be seen. */
export function FirstCallback({ status }: { status: Status }) {
  const curl = sampleCurl(status);
  return (
    <section class="card first" aria-labelledby="first">
      <h2 id="first">No callback has arrived yet</h2>
      <h3>Try it: send the vendor's sample</h3>
      {status.callbacks.signed && (
        <p>
          Callbacks must be signed here: put the token of the console (
          <code>IM_CALLBACK_TOKENS</code>) into <code>TOKEN</code>.
        </p>
      )}
      <pre tabIndex={0}>{curl}</pre>
      <p>
        <CopyButton text={curl}>Copy</CopyButton> A group with the topic “MyFirstTopic” appears
        under Groups. With <code>API_PORT</code> set, send it to <code>PORT</code>.
      </p>
      <h3>Then point the console of Tencent Cloud Chat here</h3>
      <ol>
        <li>
          Set the callback URL to <code>https://…/webhooks/im</code>, a public HTTPS address that
          leads to this service.
        </li>
        <li>
          Turn on authentication, and copy the token to <code>IM_CALLBACK_TOKENS</code>.
        </li>
        <li>
          Turn on the callbacks <i>after group created</i>, <i>after group disbanded</i>,{' '}
          <i>after group profile changed</i> and <i>after group owner changed</i>.
        </li>
      </ol>
    </section>
  );
}

function sampleCurl({ sdkAppId, callbacks }: Status): string {
  const url = new URL('webhooks/im', document.baseURI).href;
  const query = new URLSearchParams({
    SdkAppid: sdkAppId,
    CallbackCommand: SAMPLE.CallbackCommand,
    contenttype: 'json',
    ClientIP: '127.0.0.1',
    OptPlatform: 'RESTAPI',
  });
  const body = `  --data-binary '${JSON.stringify(SAMPLE)}'`;
  if (!callbacks.signed) return `curl '${url}?${query}' \\\n${body}`;
  return [
    'TOKEN=…; TIME=$(date +%s)',
    `curl "${url}?${query}&RequestTime=$TIME&Sign=$(printf %s "$TOKEN$TIME" | sha256sum | cut -c1-64)" \\\n${body}`,
  ].join('\n');
}
