// Owns the erasure of an account: which rows hold it, and what stands there afterwards.
// Hides SQL and the forms in which callbacks spell accounts.
import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { Erasure } from './erasure.js';
import { ErasureRepository } from './erasure.repository.js';
import { JournalErasureRepository } from './journal-erasure.repository.js';

@Module({
  imports: [DatabaseModule],
  providers: [Erasure, ErasureRepository, JournalErasureRepository],
  exports: [Erasure],
})
export class ErasureModule {}
