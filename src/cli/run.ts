// The command line, apart from the process it runs in.
import { parseArgs, types } from 'node:util';
import { type DynamicModule, type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type Command,
  MissingSettingsError,
  type Options,
  type Print,
  UsageError,
} from './command.js';
import { helpOf, overview } from './help.js';
import { Progress } from './progress.js';
import { backfill } from './backfill.command.js';
import { doctor } from './doctor.command.js';
import { erase } from './erase.command.js';
import { rebuild } from './rebuild.command.js';
import { reconcile } from './reconcile.command.js';
import { relay } from './relay.command.js';
import { replay } from './replay.command.js';
import { restored } from './restored.command.js';
import { ConfigModule } from '../config/config.module.js';
import type { Environment } from '../config/environment.js';
import { parseSettings, type Settings, SettingsError } from '../config/settings.js';
import { Database } from '../database/database.js';
import { ErasureModule } from '../erasure/erasure.module.js';
import { createLogger, NestLogger } from '../http/logger.js';
import { HttpModule } from '../http/http.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { OfflineDoctorModule, ReconcileModule } from '../reconcile/reconcile.module.js';
import { RelayModule } from '../relay/relay.module.js';
import { TopicsModule } from '../topics/topics.module.js';
import { TracingModule } from '../tracing/tracing.module.js';
import { JournalModule } from '../journal/journal.module.js';

export const COMMANDS: Readonly<Record<string, Command>> = {
  replay,
  rebuild,
  backfill,
  reconcile,
  doctor,
  restored,
  relay,
  erase,
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
        RelayModule,
        ReconcileModule,
        ErasureModule,
      ],
    };
  }
}

@Module({})
class WithoutDatabaseModule {
  static register(settings: Settings): DynamicModule {
    return {
      module: WithoutDatabaseModule,
      imports: [ConfigModule.register(settings), OfflineDoctorModule],
    };
  }
}

/** Where a command writes. */
export interface Outputs {
  readonly print: Print;
  readonly printError: Print;
  /** Draws on the terminal of the errors, if that is one. */
  readonly terminal: ((text: string) => void) | null;
}

/**
 * Runs one command to its end.
 * @returns the exit code: 0 success, 1 none, 64 wrong command line, 78 wrong settings.
 */
export async function runCli(
  args: readonly string[],
  env: Environment,
  print: Print,
  printError: Print,
  terminal: Outputs['terminal'] = null,
): Promise<number> {
  const progress = new Progress(printError, terminal);
  const printAround: Print = (line) => progress.around(() => print(line));
  const printErrorAround: Print = (line) => progress.around(() => printError(line));
  try {
    return await run(args, env, { print: printAround, printError: printErrorAround, progress });
  } catch (error) {
    progress.end();
    printError(error instanceof Error ? error.message : String(error));
    if (error instanceof UsageError) return EX_USAGE;
    const isOfSettings = error instanceof SettingsError || error instanceof MissingSettingsError;
    return isOfSettings ? EX_CONFIG : 1;
  }
}

interface Session {
  readonly print: Print;
  readonly printError: Print;
  readonly progress: Progress;
}

async function run(args: readonly string[], env: Environment, session: Session): Promise<number> {
  const { print, printError, progress } = session;
  const [name = 'help', ...rest] = args;
  if (['help', '--help', '-h'].includes(name)) {
    const [topic] = rest;
    const lines = topic === undefined ? overview(COMMANDS) : helpOf(topic, commandOf(topic));
    for (const line of lines) print(line);
    return 0;
  }
  const command = commandOf(name);
  if (rest.includes('--help') || rest.includes('-h')) {
    for (const line of helpOf(name, command)) print(line);
    return 0;
  }
  const options = optionsOf(name, command, rest);
  const settings = parseSettings(env);
  // Above the progress bar, never inside it.
  const log = { write: (text: string) => printError(text.trimEnd()) };
  const open = async (module: DynamicModule): Promise<INestApplicationContext> =>
    NestFactory.createApplicationContext(module, {
      abortOnError: false,
      logger: new NestLogger(createLogger({ logLevel: 'warn' }, log)),
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
    return (await command.run(app, options, print, progress)) ? 0 : 1;
  } finally {
    progress.end();
    await app.close();
  }
}

function commandOf(name: string): Command {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command) return command;
  throw new UsageError(
    `unknown command ${JSON.stringify(name)}; there are: ${Object.keys(COMMANDS).join(', ')}`,
  );
}

function optionsOf(name: string, command: Command, args: string[]): Options {
  try {
    const { options } = command;
    return parseArgs({ args, options, strict: true, allowPositionals: false }).values as Options;
  } catch (error) {
    // The first sentence of Node.js names the option; the others explain how to pass a positional.
    const [problem = ''] = (types.isNativeError(error) ? error.message : '').split('. ');
    const names = Object.keys(command.options).map((option) => `--${option}`);
    const known = names.length > 0 ? `${name} has: ${names.join(', ')}` : `${name} has no options`;
    throw new UsageError(`${problem.replace(/\.$/, '')}; ${known}`, { cause: error });
  }
}
