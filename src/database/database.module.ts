// Owns the connection to PostgreSQL: the embedded server, migrations, transactions.
// Hides the driver and Prisma from all but the repositories.
import { Module } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { Database } from './database.js';

@Module({
  providers: [
    {
      provide: Database,
      inject: [Settings],
      useFactory: (settings: Settings) => Database.open(settings),
    },
  ],
  exports: [Database],
})
export class DatabaseModule {}
