// Owns what all controllers share at the border: the rate of each API key.
import { Global, Module } from '@nestjs/common';
import { KeyRates } from './key-rates.js';

@Global()
@Module({ providers: [KeyRates], exports: [KeyRates] })
export class HttpModule {}
