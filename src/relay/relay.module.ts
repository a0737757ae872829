// Owns the way of callbacks to a backend behind the mirror (RELAY_URL): position, lease, retries. Hides its HTTP. Does
// nothing where no backend is set.
import { type DynamicModule, Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { BlockingRelay } from './blocking-relay.js';
import { Relay } from './relay.js';
import { JournalModule } from '../journal/journal.module.js';
import { RelayGauges } from './relay-gauges.js';
import { RelayRepository } from './relay.repository.js';
import { Resending } from './resending.js';
import { Sender } from './sender.js';

@Module({
  imports: [DatabaseModule, JournalModule],
  providers: [RelayRepository, Sender, BlockingRelay, Resending],
  exports: [RelayRepository, BlockingRelay, Resending],
})
export class RelayModule {
  /** With a relay that runs as long as the application does. */
  static running(): DynamicModule {
    return { module: RelayModule, providers: [Relay, RelayGauges] };
  }
}
