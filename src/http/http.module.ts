// Owns what all controllers share at the border: the rate of each API key, the bounds of bodies, answers and connections.
import { Global, Module } from '@nestjs/common';
import { Answers } from './answers.js';
import { Bodies } from './bodies.js';
import { Connections } from './connections.js';
import { KeyRates } from './key-rates.js';

@Global()
@Module({
  providers: [KeyRates, Answers, Bodies, Connections],
  exports: [KeyRates, Answers, Bodies, Connections],
})
export class HttpModule {}
