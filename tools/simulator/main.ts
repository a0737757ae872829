import { parseArgs } from 'node:util';
import { readEnvironment } from '../../src/config/environment.js';
import { parseSettings, type Settings, SettingsError } from '../../src/config/settings.js';
import type { SentCallback } from './callback-sender.js';
import { Life } from './life.js';
import { Random } from './random.js';
import { startSimulator, type Simulator } from './simulator.js';

const USAGE = `A small local vendor: answers the REST API and sends callbacks.

  npm run simulate -- [options]

  --target URL     where callbacks go, such as http://127.0.0.1:3000; repeat it for several replicas
  --port N         where to listen (4000)
  --groups N       communities that exist before anything happens, without callbacks (0)
  --topics N       topics of each of them (20)
  --every MS       about how often something happens; 0: never (1000)
  --drop P         probability that a callback is lost (0)
  --repeat P       probability that a callback is sent twice (0)
  --delay MS       callbacks leave up to so much later, and overtake one another (0)
  --seed N         the same seed makes the same changes and faults
  --help

The app id, the callback token and the secret key are those of the settings (IM_SDK_APP_ID,
IM_CALLBACK_TOKENS, IM_ADMIN_USER_ID, IM_SECRET_KEY), so that both sides agree.
`;

// sysexits.h
const EX_USAGE = 64;
const EX_CONFIG = 78;
const DEFAULT_SECRET_KEY = 'simulator';

const OPTIONS = {
  target: { type: 'string', multiple: true },
  port: { type: 'string', default: '4000' },
  groups: { type: 'string', default: '0' },
  topics: { type: 'string', default: '20' },
  every: { type: 'string', default: '1000' },
  drop: { type: 'string', default: '0' },
  repeat: { type: 'string', default: '0' },
  delay: { type: 'string', default: '0' },
  seed: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

class UsageError extends Error {}

async function main(): Promise<void> {
  const { values } = readArguments();
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const settings = parseSettings(readEnvironment());
  const simulator = await start(settings, {
    targets: values.target ?? [],
    port: number(values, 'port'),
    ...(values.seed === undefined ? {} : { seed: number(values, 'seed') }),
  });
  const rates = { drop: number(values, 'drop'), repeat: number(values, 'repeat') };
  simulator.misbehave({ callbacks: { ...rates, delayMs: number(values, 'delay') } });
  populate(simulator, number(values, 'groups'), number(values, 'topics'));
  introduce(simulator, settings, values.target ?? []);
  await live(simulator, number(values, 'every'));
  await simulator.close();
}

function readArguments() {
  try {
    return parseArgs({ options: OPTIONS });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function number(values: Record<string, unknown>, name: string): number {
  const value = Number(values[name]);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new UsageError(`--${name} must be a number, not ${JSON.stringify(values[name])}`);
}

function start(
  settings: Settings,
  options: { targets: readonly string[]; port: number; seed?: number },
): Promise<Simulator> {
  const [token = null] = settings.imCallbackAuth === 'off' ? [] : settings.imCallbackTokens;
  return startSimulator({
    ...options,
    sdkAppId: settings.imSdkAppId,
    adminUserId: settings.imAdminUserId,
    secretKey: settings.imSecretKey ?? DEFAULT_SECRET_KEY,
    callbackToken: token,
    onSent: report,
  });
}

function populate({ vendor }: Simulator, groups: number, topics: number): void {
  for (let group = 0; group < groups; group += 1) {
    const { groupId } = vendor.importGroup({ name: `Community ${group + 1}` });
    for (let topic = 0; topic < topics; topic += 1) {
      vendor.importTopic(groupId, { name: `Topic ${topic + 1}` });
    }
  }
}

function introduce({ url, seed }: Simulator, settings: Settings, targets: readonly string[]): void {
  print(`simulating the vendor at ${url}, app ${settings.imSdkAppId}, seed ${seed}`);
  if (settings.imApiOrigin === null) {
    print(`the mirror can ask it with IM_API_HOST=${url} IM_SECRET_KEY=${DEFAULT_SECRET_KEY}`);
  }
  if (targets.length === 0) print('no --target: callbacks are not sent');
  for (const target of targets) print(`callbacks go to ${target}; look at ${target}/groups`);
}

/** Lives until Ctrl-C. */
async function live({ vendor, seed }: Simulator, everyMs: number): Promise<void> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  if (everyMs > 0) {
    await new Life({ vendor, random: new Random(seed), tell: print }).run(everyMs, stop.signal);
  } else {
    await new Promise((resolve) => stop.signal.addEventListener('abort', resolve));
  }
}

function report({ body, outcome, status }: SentCallback): void {
  const command = body.CallbackCommand.replace('Group.Callback', '');
  print(`  ${command}: ${outcome}${status === null || status === 200 ? '' : ` (${status})`}`);
}

function print(line: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
}

try {
  await main();
} catch (error) {
  const isKnown = error instanceof UsageError || error instanceof SettingsError;
  if (!isKnown && !(error instanceof Error && 'syscall' in error)) throw error;
  process.stderr.write(`${error.message}\n${error instanceof UsageError ? USAGE : ''}`);
  process.exitCode = error instanceof UsageError ? EX_USAGE : EX_CONFIG;
}
