import type { RelayRepository } from './relay.repository.js';
import type { Sender } from './sender.js';

export interface SessionOptions {
  readonly holder: string;
  readonly repository: RelayRepository;
  readonly sender: Sender;
  readonly concurrency: number;
  /** Whether callbacks that are not mirrored leave the journal once they are delivered. */
  readonly dropsIgnored: boolean;
}
