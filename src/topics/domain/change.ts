import type { JournalEntry, Outcome } from '../../journal/journal-entry.js';
import type { Micros } from './lww-registers.js';
import type { GroupFields, TopicFields } from './fields.js';

/** A change of a topic by a callback: the input of the merge rules. */
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

/** The same change of many topics of a group. */
export interface TopicsChange extends Omit<TopicChange, 'subject' | 'topicId'> {
  readonly subject: 'topics';
  readonly topicIds: readonly string[];
}

/**
 * A change of a group by a callback. `unspecific`: something changed in it that the callback does not name, so it
 * becomes stale.
 */
export interface GroupChange {
  readonly subject: 'group';
  /** What follows from it for its topics is given apart, so that they need not be read. */
  readonly isSettled?: true;
  readonly kind: 'created' | 'updated' | 'destroyed' | 'unspecific';
  readonly groupId: string;
  readonly at: Micros;
  readonly precision: Micros;
  readonly fields: Partial<GroupFields>;
}

/**
 * The vendor's state of a whole group, complete and without errors. It wins over every callback that was committed
 * before its request, and over none that was committed since.
 */
export interface VendorSnapshot {
  readonly subject: 'snapshot';
  readonly groupId: string;
  /** When it was requested, by the database's clock. */
  readonly at: Micros;
  /**
   * Batches committed before the request, read from the primary before the first call. A later batch came after the
   * request, whatever clocks say.
   */
  readonly requestBatch: number;
  /** `null`: the group does not exist. */
  readonly group: Partial<GroupFields> | null;
  /** Every topic of the group, or of those in `only`. */
  readonly topics: readonly SnapshotTopic[];
  /** It covers these topics alone, as one part of the snapshot of a large group. */
  readonly only?: ReadonlySet<string>;
  readonly caution: Caution;
}

/** How far a snapshot is trusted that denies callbacks, or deletes without one. */
export interface Caution {
  /** A snapshot that was requested less than that after a callback cannot deny it. */
  readonly secondLookUs: Micros;
  /** A deletion that is held back is carried out by a snapshot that misses the same so much later. */
  readonly deletionsWaitUs: Micros;
  /** From this share of the living topics of a group on deletions are held back, 0 to 1. */
  readonly groupShare: number;
  /** `held`: none is carried out; `confirmed`: an operator vouches for all of them. */
  readonly deletions: 'judged' | 'held' | 'confirmed';
}

export interface SnapshotTopic {
  readonly topicId: string;
  readonly createdAt: Micros | null;
  readonly fields: Partial<TopicFields>;
}

export type Change = TopicChange | TopicsChange | GroupChange | VendorSnapshot;

/** Changes that are stored together or not at all: those of one callback or one snapshot. */
export interface ChangeSet {
  readonly changes: readonly Change[];
  readonly origin: 'callback' | 'reconcile';
  /** When the callback arrived; of a snapshot, when it was requested. */
  readonly arrivedAt: Micros;
  /** The account that did it, where the callback names one. */
  readonly operatorAccount: string | null;
  /** `OptPlatform` as sent. */
  readonly platform: string | null;
  /** The callback itself, stored with its changes. */
  readonly entry?: JournalEntry;
}

/** What became of a change set, after its commit. */
export interface Applied {
  readonly outcome: Outcome;
  /** The first and the last `seq` of what it changed, or `null` when it changed nothing. */
  readonly seqs: readonly [first: number, last: number] | null;
  /** Of a snapshot: when the next one is due, by the database's clock; `null` where it settled all. */
  readonly secondLookAt?: Micros | null;
}
