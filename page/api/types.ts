// What the query API answers; see /openapi.json.

export type SyncState = 'verified' | 'hooked' | 'stale' | 'destroyed';

export type StaleReason =
  | 'unspecific_callback'
  | 'ambiguous_order'
  | 'concurrent_callback'
  | 'contradiction'
  | 'deletions_held';

export interface Group {
  readonly groupId: string;
  readonly name: string | null;
  readonly type: string | null;
  readonly ownerAccount: string | null;
  readonly state: SyncState;
  readonly verifiedAt: string | null;
  readonly staleSince: string | null;
  readonly staleReason: StaleReason | null;
  readonly lastCallbackAt: string | null;
  readonly topicCount: number;
  readonly seq: number;
  readonly destroyedAt: string | null;
}

export interface CustomField {
  readonly key: string;
  readonly value: string;
}

/** `null`: the field was never learned. */
export interface Topic {
  readonly groupId: string;
  readonly topicId: string;
  readonly name: string | null;
  readonly type: string | null;
  readonly ownerAccount: string | null;
  readonly operatorAccount: string | null;
  readonly introduction: string | null;
  readonly notification: string | null;
  readonly faceUrl: string | null;
  readonly customString: string | null;
  readonly muteAllMember: boolean | null;
  readonly userDefinedDataList: readonly CustomField[] | null;
  readonly createdAt: string | null;
  readonly updatedAt: string;
  readonly deletedAt: string | null;
  readonly seq: number;
}

export type ChangeKind = 'created' | 'updated' | 'deleted' | 'restored';

export interface Change {
  readonly seq: number;
  readonly groupId: string;
  readonly topicId: string;
  readonly kind: ChangeKind;
  readonly origin: 'callback' | 'reconcile';
  readonly at: string;
  readonly operatorAccount: string | null;
  readonly platform: string | null;
  readonly before: Readonly<Record<string, unknown>>;
  readonly after: Readonly<Record<string, unknown>>;
}

export type Outcome = 'applied' | 'unchanged' | 'stale' | 'ignored' | 'unknown' | 'invalid';

export interface Callback {
  readonly id: string;
  readonly at: string;
  readonly command: string | null;
  readonly groupId: string | null;
  readonly outcome: Outcome;
  readonly platform: string | null;
  readonly firstSeq: number | null;
  readonly lastSeq: number | null;
  readonly bodyBytes: number;
}

export interface CallbackPage {
  readonly data: readonly Callback[];
  readonly nextCursor: string | null;
  /** Where to go on with what is committed later. */
  readonly nextAfter: string;
}

export interface CallbackDetail extends Callback {
  readonly query: string;
  readonly body: string | null;
  readonly bodyBase64: string | null;
  readonly answer: { readonly status: number; readonly body: string };
  readonly changes: readonly Change[];
}

export interface Rejection {
  readonly at: string;
  readonly reason: string;
  readonly message: string;
  readonly command: string | null;
  readonly from: string;
}

export interface Finding {
  readonly level: 'warning' | 'error';
  readonly code: string;
  readonly message: string;
  readonly advice: string | null;
}

export interface Status {
  readonly version: string;
  readonly startedAt: string;
  readonly now: string;
  readonly status: 'ready' | 'starting' | 'draining';
  readonly production: boolean;
  readonly sdkAppId: string;
  readonly database: {
    readonly up: boolean;
    readonly version: string | null;
    readonly replica: { readonly up: boolean; readonly lagSeconds: number | null } | null;
  };
  readonly callbacks: {
    readonly signed: boolean;
    readonly lastAt: string | null;
    readonly any: boolean | null;
    readonly received: {
      readonly total: number;
      readonly byOutcome: readonly {
        readonly outcome: Outcome | 'spooled' | 'failed';
        readonly count: number;
      }[];
    };
  };
  readonly restApi: {
    readonly configured: boolean;
    readonly reachable: boolean | null;
    readonly lastOkAt: string | null;
    readonly lastErrorAt: string | null;
    readonly lastError: string | null;
  };
  readonly spool: {
    readonly records: number;
    readonly bytes: number;
    readonly maxBytes: number;
    readonly damaged: number;
    readonly setAsideFiles: number;
  };
  readonly relay: {
    readonly configured: boolean;
    readonly running: boolean | null;
    readonly waiting: number | null;
    readonly oldestAt: string | null;
    readonly setAside: number | null;
  };
  readonly groups: Readonly<Record<SyncState, number>> | null;
  readonly oldestVerifiedAt: string | null;
  readonly repairsToday: readonly { readonly kind: ChangeKind; readonly count: number }[] | null;
  readonly feed: { readonly subscribers: number };
  readonly rejections: {
    readonly byReason: readonly { readonly reason: string; readonly count: number }[];
    readonly latest: readonly Rejection[];
  };
  readonly findings: readonly Finding[];
}

/** A page of a list. */
export interface Page<Item> {
  readonly data: readonly Item[];
  readonly nextCursor: string | null;
}
