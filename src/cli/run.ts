// The command line, apart from the process it runs in.
import { parseArgs } from 'node:util';
import { type DynamicModule, type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { pino } from 'pino';
import { type Command, type Print, UsageError } from './command.js';
import { backfill } from './backfill.command.js';
import { doctor } from './doctor.command.js';
import { rebuild } from './rebuild.command.js';
import { reconcile } from './reconcile.command.js';
import { replay } from './replay.command.js';
import { restored } from './restored.command.js';
import { ConfigModule } from '../config/config.module.js';
import type { Environment } from '../config/environment.js';
import { parseSettings, type Settings, SettingsError } from '../config/settings.js';
import { Database } from '../database/database.js';
import { createLogger, NestLogger } from '../http/logger.js';
import { HttpModule } from '../http/http.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { OutsideDiagnosisModule, ReconcileModule } from '../reconcile/reconcile.module.js';
import { TopicsModule } from '../topics/topics.module.js';
import { TracingModule } from '../tracing/tracing.module.js';
import { JournalModule } from '../webhooks/journal.module.js';

const COMMANDS: Readonly<Record<string, Command>> = {
  replay,
  rebuild,
  backfill,
  reconcile,
  doctor,
  restored,
};

// sysexits.h
const EX_USAGE = 64;
const EX_CONFIG = 78;

@Module({})
class CliModule {
  static register(settings: Settings): DynamicModule {
    return {
      module: CliModule,
      imports: [
        ConfigModule.register(settings),
        HttpModule,
        MetricsModule,
        TracingModule,
        TopicsModule,
        JournalModule,
        ReconcileModule,
      ],
    };
  }
}

@Module({})
class WithoutDatabaseModule {
  static register(settings: Settings): DynamicModule {
    return {
      module: WithoutDatabaseModule,
      imports: [ConfigModule.register(settings), OutsideDiagnosisModule],
    };
  }
}

/**
 * Runs one command to its end.
 * @returns the exit code: 0 all is well, 1 it is not, 64 wrong command line, 78 wrong settings.
 */
export async function runCli(
  args: readonly string[],
  env: Environment,
  print: Print,
  printError: Print,
): Promise<number> {
  try {
    return await run(args, env, print);
  } catch (error) {
    printError(error instanceof Error ? error.message : String(error));
    if (error instanceof UsageError) return EX_USAGE;
    return error instanceof SettingsError ? EX_CONFIG : 1;
  }
}

async function run(args: readonly string[], env: Environment, print: Print): Promise<number> {
  const [name = '', ...rest] = args;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    for (const line of help()) print(line);
    return name === '' || name === '--help' || name === 'help' ? 0 : EX_USAGE;
  }
  const options = optionsOf(command, rest);
  const settings = parseSettings(env);
  const open = async (module: DynamicModule): Promise<INestApplicationContext> =>
    NestFactory.createApplicationContext(module, {
      abortOnError: false,
      logger: new NestLogger(createLogger({ logLevel: 'warn' }, pino.destination(2))),
    });
  let app: INestApplicationContext | undefined;
  try {
    app = await open(CliModule.register(settings));
    app.get(Database).requireOpen();
  } catch (error) {
    await app?.close();
    if (!command.runWithoutDatabase) throw error;
    app = await open(WithoutDatabaseModule.register(settings));
    return (await command.runWithoutDatabase(app, error, print)) ? 0 : 1;
  }
  try {
    return (await command.run(app, options, print)) ? 0 : 1;
  } finally {
    await app.close();
  }
}

function optionsOf(command: Command, args: string[]) {
  try {
    return parseArgs({ args, options: command.options, strict: true, allowPositionals: false })
      .values as Readonly<Record<string, string | boolean | undefined>>;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function help(): string[] {
  const lines = Object.entries(COMMANDS).flatMap(([name, { summary, options }]) => [
    `  ${name.padEnd(12)} ${summary}`,
    ...Object.entries(options).map(
      ([option, { type, meaning }]) =>
        `    --${`${option}${type === 'string' ? ' …' : ''}`.padEnd(14)} ${meaning}`,
    ),
  ]);
  return ['npm run cli -- <command> [options]', '', ...lines];
}
