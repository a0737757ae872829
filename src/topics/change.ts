import type { Micros } from './registers.js';
import type { GroupFields, TopicFields } from './topic.js';

/** What a callback said about a topic: the input of the merge rules. */
export interface TopicChange {
  readonly subject: 'topic';
  readonly kind: 'created' | 'updated' | 'deleted';
  readonly groupId: string;
  readonly topicId: string;
  /** When it happened, as well as that is known: `EventTime`, else `RequestTime`, else arrival. */
  readonly at: Micros;
  /** How well: it happened less than that after `at`. */
  readonly precision: Micros;
  /** Only the fields that were named. */
  readonly fields: Partial<TopicFields>;
}

/** What a callback said about many topics of a group alike. */
export interface TopicsChange extends Omit<TopicChange, 'subject' | 'topicId'> {
  readonly subject: 'topics';
  readonly topicIds: readonly string[];
}

/**
 * What a callback said about a group. `doubted`: something happened in it that the callback does
 * not tell, so the vendor has to be asked.
 */
export interface GroupChange {
  readonly subject: 'group';
  /** What follows from it for its topics is given apart, so that they need not be read. */
  readonly isSettled?: true;
  readonly kind: 'created' | 'updated' | 'destroyed' | 'doubted';
  readonly groupId: string;
  readonly at: Micros;
  readonly precision: Micros;
  readonly fields: Partial<GroupFields>;
}

/**
 * What the vendor answered about a whole group, complete and without errors. It wins over every
 * callback that was committed before the question was asked, and over none that was committed since.
 */
export interface Verification {
  readonly subject: 'verification';
  readonly groupId: string;
  /** When the question was asked, by the database's clock. */
  readonly at: Micros;
  /**
   * How many batches were committed then, read from the primary before the first question was sent.
   * What is in a later batch came after the question, whatever clocks say.
   */
  readonly asked: number;
  /** `null`: the group is gone. */
  readonly group: Partial<GroupFields> | null;
  /** Every topic of the group, or of those in `only`. */
  readonly topics: readonly VerifiedTopic[];
  /** It speaks of these topics alone, as one part of an answer about a large group. */
  readonly only?: ReadonlySet<string>;
  readonly caution: Caution;
}

/** How far an answer is believed that denies callbacks, or deletes without one. */
export interface Caution {
  /** What a callback said is not denied by an answer to a question that was asked less than that after it. */
  readonly secondLookUs: Micros;
  /** A deletion that is held back is carried out by an answer that misses the same and comes so much later. */
  readonly deletionsWaitUs: Micros;
  /** From this share of the living topics of a group on deletions are held back, 0 to 1. */
  readonly groupShare: number;
  /** `held`: none is carried out; `confirmed`: an operator vouches for all of them. */
  readonly deletions: 'judged' | 'held' | 'confirmed';
}

export interface VerifiedTopic {
  readonly topicId: string;
  readonly createdAt: Micros | null;
  readonly fields: Partial<TopicFields>;
}

export type Change = TopicChange | TopicsChange | GroupChange | Verification;

/** Changes that are kept together or not at all, as one callback or one answer brought them. */
export interface ChangeSet {
  readonly changes: readonly Change[];
  readonly origin: 'callback' | 'reconcile';
  /** When the callback arrived here; of an answer, when the question was asked. */
  readonly arrivedAt: Micros;
  /** Who did it, as far as the callback tells. */
  readonly operatorAccount: string | null;
  /** `OptPlatform` as sent. */
  readonly platform: string | null;
  /** The callback itself, to be kept in the journal together with what it changed. */
  readonly entry?: JournalEntry;
}

/** A request as it came, for the journal. */
export interface JournalEntry {
  /** A UUID that begins with the time of arrival. */
  readonly id: string;
  readonly command: string | null;
  readonly groupId: string | null;
  /** The query without `Sign`. */
  readonly query: string;
  readonly body: Buffer;
  /** What becomes of it when it changes nothing. */
  readonly otherwise: Outcome;
}

/** `applied`: it changed something; the others say why it did not. */
export type Outcome = 'applied' | 'unchanged' | 'stale' | 'ignored' | 'unknown' | 'invalid';

/** What became of a change set, after its commit. */
export interface Applied {
  readonly outcome: Outcome;
  /** The first and the last `seq` of what it changed, or `null` when it changed nothing. */
  readonly seqs: readonly [first: number, last: number] | null;
  /** Of an answer: when the vendor is to be asked again, by the database's clock; `null` where it settled all. */
  readonly secondLookAt?: Micros | null;
}
