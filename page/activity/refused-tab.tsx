import type { Rejection, Status } from '../api/types.js';
import { useAnswer } from '../app/use-answer.js';
import { Problem } from '../parts/problem.js';
import { Time } from '../parts/time.js';
import { type Column, VirtualTable } from '../parts/virtual-table.js';
import { commandInWords } from '../parts/words.js';

const POLL_MS = 2_000;

export function RefusedTab() {
  const { data, error } = useAnswer<Status>('status', POLL_MS);
  return (
    <>
      <p>
        Callbacks that this process refused since it started. They had no effect, and the sender
        gets no reason: it is here and in the log.
      </p>
      <Problem error={error} />
      {data && <Rejections rejections={data.rejections} />}
    </>
  );
}

function Rejections({ rejections: { byReason, latest } }: Pick<Status, 'rejections'>) {
  const counted = byReason.filter(({ count }) => count > 0);
  return (
    <>
      <h2>Reasons</h2>
      {counted.length === 0 ? (
        <p class="good">None was refused.</p>
      ) : (
        <dl class="facts">
          {counted.map(({ reason, count }) => (
            <div key={reason}>
              <dt>{reason}</dt>
              <dd>{count.toLocaleString('en')}</dd>
            </div>
          ))}
        </dl>
      )}
      {latest.length > 0 && (
        <>
          <h2>The last {latest.length}</h2>
          <VirtualTable
            label="Refused callbacks"
            rows={latest}
            columns={COLUMNS}
            keyOf={({ at, from, reason }) => `${at} ${from} ${reason}`}
            empty=""
          />
        </>
      )}
    </>
  );
}

const COLUMNS: readonly Column<Rejection>[] = [
  { id: 'at', title: 'Arrived', widthPx: 180, cell: ({ at }) => <Time at={at} withMs /> },
  { id: 'reason', title: 'Reason', widthPx: 240, cell: ({ reason }) => reason },
  {
    id: 'message',
    title: 'More',
    widthPx: 300,
    cell: ({ message }) => <span title={message}>{message}</span>,
  },
  {
    id: 'command',
    title: 'Command',
    widthPx: 170,
    cell: ({ command }) => <span title={command ?? undefined}>{commandInWords(command)}</span>,
  },
  { id: 'from', title: 'Sender', widthPx: 150, cell: ({ from }) => <code>{from}</code> },
];
