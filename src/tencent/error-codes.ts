/**
 * The reaction to an error code of the REST API. `retry`: a fault that passes; `slow down`: too many
 * calls; `renew`: the UserSig expired; `stop`: nothing will work until somebody corrects a setting;
 * `bug`: the request was malformed; `subject`: it is about the subject of the request, the call
 * itself is fine; `unknown`: this call failed, others may not.
 */
export type Verdict =
  'ok' | 'retry' | 'slow down' | 'renew' | 'stop' | 'bug' | 'subject' | 'unknown';

export const GROUP_MISSING = 10010;
export const BAD_GROUP_ID = 10015;
export const ANSWER_TOO_LARGE = 10018;
export const WITHOUT_TOPICS = 11000;
export const TOPIC_MISSING = 110003;

// Source: documents 1047/34348 (error codes) and the pages of the single calls.
const CODES: readonly (readonly [Verdict, readonly number[]])[] = [
  ['ok', [0]],
  ['retry', [10002, 20004, 20005, 60008, 60014, 70169, 70202]],
  ['slow down', [10006, 60007, 60011, 60018, 60019]],
  ['renew', [70001]],
  ['bug', [10003, 10004, 60002, 60003, 60009, 60015]],
  ['subject', [GROUP_MISSING, BAD_GROUP_ID, ANSWER_TOO_LARGE, WITHOUT_TOPICS, TOPIC_MISSING]],
];

const STOPS: readonly (readonly [advice: string, readonly number[]])[] = [
  [
    'the UserSig is refused: compare IM_SECRET_KEY, IM_SDK_APP_ID and IM_ADMIN_USER_ID with the Chat console, and the clock of this machine',
    [60004, 60005, 70001, 70003, 70005, 70009, 70013, 70014, 70016],
  ],
  [
    'too many refused UserSigs: correct IM_SECRET_KEY and IM_ADMIN_USER_ID, then wait a minute',
    [70050],
  ],
  [
    'IM_ADMIN_USER_ID must be an administrator of the app: add it in the Chat console',
    [10007, 60010, 70403],
  ],
  [
    'the app is unknown here, off or expired: compare IM_SDK_APP_ID, and the region of IM_API_HOST, with the Chat console',
    [60006, 60012, 60016, 60017, 60020, 70020],
  ],
  ['the address of this machine is not allowed: add it to the allow list of REST calls', [60021]],
];

const VERDICTS: ReadonlyMap<number, Verdict> = new Map(
  CODES.flatMap(([verdict, codes]) => codes.map((code) => [code, verdict] as const)),
);
const ADVICE: ReadonlyMap<number, string> = new Map(
  STOPS.flatMap(([advice, codes]) => codes.map((code) => [code, advice] as const)),
);

export function verdictOn(code: number): Verdict {
  return VERDICTS.get(code) ?? (ADVICE.has(code) ? 'stop' : 'unknown');
}

/** What to correct so that calls work again. */
export function adviceOn(code: number): string {
  return ADVICE.get(code) ?? 'see the error code in the documentation of the REST API';
}

/** Whether the code is documented, so that it may be distinguished where room is limited. */
export function isKnownCode(code: number): boolean {
  return VERDICTS.has(code) || ADVICE.has(code);
}
