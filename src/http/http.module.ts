// Owns what all controllers share at the border: the rate of each API key, the bounds of bodies and connections.
import { Global, Module } from '@nestjs/common';
import { Bodies } from './bodies.js';
import { Connections } from './connections.js';
import { KeyRates } from './key-rates.js';

@Global()
@Module({
  providers: [KeyRates, Bodies, Connections],
  exports: [KeyRates, Bodies, Connections],
})
export class HttpModule {}
