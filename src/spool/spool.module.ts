// Owns the files that hold callbacks while PostgreSQL is away. Knows nothing of what they say.
import { Module } from '@nestjs/common';
import { Spool } from './spool.js';

@Module({ providers: [Spool], exports: [Spool] })
export class SpoolModule {}
