// Owns what all controllers share at the border: the rate of each API key, the bounds of bodies, answers and connections.
import { Global, Module } from '@nestjs/common';
import { ResponsesInFlight } from './responses-in-flight.js';
import { RequestBodies } from './bodies.js';
import { Connections } from './connections.js';
import { KeyRates } from './key-rates.js';

@Global()
@Module({
  providers: [KeyRates, ResponsesInFlight, RequestBodies, Connections],
  exports: [KeyRates, ResponsesInFlight, RequestBodies, Connections],
})
export class HttpModule {}
