// Owns the settings: one schema, read once at the start, frozen. Nothing else reads the
// environment. The README's table and `.env.example` are compared with SCHEMA by a test.
import type { Environment } from './environment.js';
import { type Definition, integer, list, oneOf, text } from './definition.js';

/** A key of the query API: the SHA-256 of its secret, and the name it has in the log. */
export interface ApiKey {
  readonly name: string;
  readonly sha256: Buffer;
}

/** What is traced goes there; whatever else OpenTelemetry knows it reads from the environment itself. */
export interface TracingSettings {
  readonly protocol: 'http/protobuf' | 'http/json';
  readonly serviceName: string;
}

export const SCHEMA = {
  NODE_ENV: {
    fallback: 'development',
    meaning:
      '`production` is the switch: secrets are then required, nothing is started or migrated',
    parse: text,
  },
  PORT: { fallback: '3000', meaning: 'port to listen on', parse: integer(0, 65_535) },
  HOST: {
    fallback: null,
    meaning: 'address to listen on; `127.0.0.1`, in production `0.0.0.0`',
    parse: text,
  },
  API_PORT: {
    fallback: null,
    meaning:
      'a port of its own for the query API, probes and metrics; `PORT` then answers callbacks only',
    parse: integer(0, 65_535),
  },
  API_HOST: {
    fallback: '127.0.0.1',
    meaning: 'address for `API_PORT` to listen on',
    parse: text,
  },
  LOG_LEVEL: {
    fallback: 'info',
    meaning: 'least level that is logged',
    parse: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
  },
  DRAIN_SECONDS: {
    fallback: null,
    meaning:
      'how long after SIGTERM `/readyz` answers 503 before the port closes; `5` in production, else `0`',
    parse: integer(0, 60),
  },
  DATABASE_URL: {
    fallback: null,
    meaning: 'a PostgreSQL, 14 or newer; without it an embedded one is started (not in production)',
    secret: true,
    parse: postgresUrl,
  },
  DATABASE_REPLICA_URL: {
    fallback: null,
    meaning:
      'a streaming replica of `DATABASE_URL`, one server: answers of the query API are read there',
    secret: true,
    parse: postgresUrl,
  },
  DATABASE_POOL_SIZE: {
    fallback: '10',
    meaning:
      'most connections this process opens to PostgreSQL; to a replica half as many, besides',
    parse: integer(2, 1000),
  },
  DATABASE_PREPARE: {
    fallback: 'on',
    meaning: '`off` keeps no prepared statements: behind PgBouncer before 1.21 in transaction mode',
    parse: oneOf('on', 'off'),
  },
  DATA_DIR: {
    fallback: '.data',
    meaning: 'where the embedded PostgreSQL keeps its files, and the spool its own',
    parse: text,
  },
  SPOOL_MAX_BYTES: {
    fallback: '268435456',
    meaning: 'how much the spool under `DATA_DIR` may hold while PostgreSQL is away',
    parse: integer(0, 1_099_511_627_776),
  },
  JOURNAL_RETENTION_DAYS: {
    fallback: '30',
    meaning: 'for how many days the journal keeps callbacks; `0` for ever',
    parse: integer(0, 36_500),
  },
  JOURNAL_IGNORED: {
    fallback: 'keep',
    meaning: '`drop` leaves callbacks that are not mirrored, such as messages, out of the journal',
    parse: oneOf('keep', 'drop'),
  },
  CHANGES_RETENTION_DAYS: {
    fallback: '365',
    meaning: 'for how many days the feed and the history keep changes; `0` for ever',
    parse: integer(0, 36_500),
  },
  IM_SDK_APP_ID: {
    fallback: null,
    meaning: 'the SDKAppID whose callbacks are accepted; `1400000000` outside production',
    parse: appId,
  },
  IM_CALLBACK_TOKENS: {
    fallback: '',
    meaning: "the console's callback authentication token; two, comma-separated, while rotating",
    secret: true,
    parse: callbackTokens,
  },
  IM_CALLBACK_AUTH: {
    fallback: null,
    meaning: '`off` accepts unsigned callbacks; `token` in production and wherever tokens are set',
    parse: oneOf('token', 'off'),
  },
  IM_CALLBACK_WINDOW_SECONDS: {
    fallback: '60',
    meaning: 'how many seconds the `RequestTime` of a callback may be from now',
    parse: integer(1, 86_400),
  },
  IM_API_HOST: {
    fallback: null,
    meaning:
      "host of the vendor's REST API in the app's region, such as `console.tim.qq.com`, or a whole origin; without it the mirror lives on callbacks alone",
    parse: apiOrigin,
  },
  IM_ADMIN_USER_ID: {
    fallback: 'administrator',
    meaning: 'an administrator account of the app, in whose name the REST API is asked',
    parse: text,
  },
  IM_SECRET_KEY: {
    fallback: null,
    meaning: 'the secret key of the Chat console, which signs REST calls',
    secret: true,
    parse: text,
  },
  IM_API_CALLS_PER_SECOND: {
    fallback: '100',
    meaning: 'most `get_topic` calls per second over all replicas; the vendor allows 200',
    parse: integer(1, 190),
  },
  RECONCILE_WITHIN_SECONDS: {
    fallback: '86400',
    meaning: 'every group is compared with the REST API at least once in so many seconds',
    parse: integer(1, 31_536_000),
  },
  API_KEYS: {
    fallback: '',
    meaning:
      'keys of the query API as `name:sha256-hex`, comma-separated; without them it is open (not in production)',
    secret: true,
    parse: keyPairs,
  },
  API_AUTH: {
    fallback: 'key',
    meaning: '`off` opens the query API to everybody who reaches it',
    parse: oneOf('key', 'off'),
  },
  API_RATE_LIMIT: {
    fallback: null,
    meaning:
      'how often each key may ask this process in a minute, `0` without a limit; `6000` in production, else `0`',
    parse: integer(0, 1_000_000_000),
  },
  CORS_ORIGINS: {
    fallback: '',
    meaning: 'origins whose pages may ask the query API, comma-separated; none by default',
    parse: origins,
  },
  FEED_NOTIFY: {
    fallback: 'on',
    meaning:
      '`off` finds changes for the feed by polling alone: behind PgBouncer in transaction mode',
    parse: oneOf('on', 'off'),
  },
  FEED_MAX_STREAMS: {
    fallback: '2000',
    meaning: 'most streams of the feed that this process keeps open',
    parse: integer(1, 100_000),
  },
  FEED_HEARTBEAT_SECONDS: {
    fallback: '15',
    meaning: 'how often an idle stream is sent a comment, so that nothing on the way gives it up',
    parse: integer(1, 300),
  },
  FEED_SLOW_SECONDS: {
    fallback: '30',
    meaning: 'a stream is cut whose reader has not taken what it was sent for so many seconds',
    parse: integer(1, 3600),
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    fallback: null,
    meaning:
      'where spans are sent by OTLP over HTTP, such as `http://127.0.0.1:4318`; without it nothing is traced',
    parse: httpUrl,
  },
  OTEL_EXPORTER_OTLP_PROTOCOL: {
    fallback: 'http/protobuf',
    meaning: 'form of what is sent: `http/protobuf` or `http/json`',
    parse: oneOf('http/protobuf', 'http/json'),
  },
  OTEL_SERVICE_NAME: {
    fallback: 'topic-mirror',
    meaning: 'the name of this service in traces',
    parse: text,
  },
  OTEL_TRACES_SAMPLER: {
    fallback: 'parentbased_always_on',
    meaning: 'which traces are kept: one of the samplers that OpenTelemetry names',
    parse: oneOf(
      'always_on',
      'always_off',
      'traceidratio',
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
    ),
  },
  OTEL_TRACES_SAMPLER_ARG: {
    fallback: '1',
    meaning: 'the part of all traces, from 0 to 1, that a sampler `…traceidratio` keeps',
    parse: ratio,
  },
  OTEL_SDK_DISABLED: {
    fallback: 'false',
    meaning: '`true` traces nothing, whatever else is set',
    parse: oneOf('true', 'false'),
  },
} as const satisfies Record<string, Definition<unknown>>;

export type SettingName = keyof typeof SCHEMA;

/** Everything that is wrong with the settings at once; each line says what to set. */
export class SettingsError extends Error {
  readonly code = 'SETTINGS_INVALID';

  constructor(readonly problems: readonly string[]) {
    super(`The settings are not usable:\n${problems.map((line) => `  - ${line}`).join('\n')}`);
    this.name = 'SettingsError';
  }
}

/** The settings of this process, as typed values; SCHEMA tells their meaning. A class so that Nest can inject it. */
export abstract class Settings {
  abstract readonly production: boolean;
  abstract readonly port: number;
  abstract readonly host: string;
  /** `null`: one port serves all. */
  abstract readonly apiPort: number | null;
  abstract readonly apiHost: string;
  abstract readonly logLevel: Value<'LOG_LEVEL'>;
  abstract readonly drainSeconds: number;
  /** `null`: start the embedded server. */
  abstract readonly databaseUrl: string | null;
  abstract readonly databaseReplicaUrl: string | null;
  abstract readonly databasePoolSize: number;
  abstract readonly databasePrepare: Value<'DATABASE_PREPARE'>;
  abstract readonly dataDir: string;
  abstract readonly spoolMaxBytes: number;
  abstract readonly journalRetentionDays: number;
  abstract readonly journalIgnored: Value<'JOURNAL_IGNORED'>;
  abstract readonly imSdkAppId: string;
  abstract readonly imCallbackTokens: readonly string[];
  abstract readonly imCallbackAuth: Value<'IM_CALLBACK_AUTH'>;
  abstract readonly imCallbackWindowSeconds: number;
  /** Scheme, host and port of the REST API; `null`: there is none to ask. */
  abstract readonly imApiOrigin: string | null;
  abstract readonly imAdminUserId: string;
  abstract readonly imSecretKey: string | null;
  abstract readonly imApiCallsPerSecond: number;
  abstract readonly reconcileWithinSeconds: number;
  abstract readonly apiKeys: readonly ApiKey[];
  abstract readonly apiAuth: Value<'API_AUTH'>;
  abstract readonly apiRateLimit: number;
  abstract readonly corsOrigins: readonly string[];
  abstract readonly changesRetentionDays: number;
  abstract readonly feedNotify: Value<'FEED_NOTIFY'>;
  abstract readonly feedMaxStreams: number;
  abstract readonly feedHeartbeatSeconds: number;
  abstract readonly feedSlowSeconds: number;
  /** `null`: nothing is traced. */
  abstract readonly tracing: TracingSettings | null;
}

/**
 * Reads and checks an environment; what is unset takes its default.
 * @throws SettingsError naming every problem, never a secret's value.
 */
export function parseSettings(env: Environment): Settings {
  const reader = new Reader(env);
  const production = reader.defaulted('NODE_ENV', SCHEMA.NODE_ENV) === 'production';
  const apiKeys = reader.defaulted('API_KEYS', SCHEMA.API_KEYS);
  const apiAuth = reader.defaulted('API_AUTH', SCHEMA.API_AUTH);
  const signed = production || isSet(env, 'IM_CALLBACK_TOKENS');
  const settings: Settings = {
    production,
    port: reader.defaulted('PORT', SCHEMA.PORT),
    host: reader.optional('HOST', SCHEMA.HOST) ?? (production ? '0.0.0.0' : '127.0.0.1'),
    apiPort: reader.optional('API_PORT', SCHEMA.API_PORT) ?? null,
    apiHost: reader.defaulted('API_HOST', SCHEMA.API_HOST),
    logLevel: reader.defaulted('LOG_LEVEL', SCHEMA.LOG_LEVEL),
    drainSeconds: reader.optional('DRAIN_SECONDS', SCHEMA.DRAIN_SECONDS) ?? (production ? 5 : 0),
    databaseUrl: reader.optional('DATABASE_URL', SCHEMA.DATABASE_URL) ?? null,
    databaseReplicaUrl:
      reader.optional('DATABASE_REPLICA_URL', SCHEMA.DATABASE_REPLICA_URL) ?? null,
    databasePoolSize: reader.defaulted('DATABASE_POOL_SIZE', SCHEMA.DATABASE_POOL_SIZE),
    databasePrepare: reader.defaulted('DATABASE_PREPARE', SCHEMA.DATABASE_PREPARE),
    dataDir: reader.defaulted('DATA_DIR', SCHEMA.DATA_DIR),
    spoolMaxBytes: reader.defaulted('SPOOL_MAX_BYTES', SCHEMA.SPOOL_MAX_BYTES),
    journalRetentionDays: reader.defaulted('JOURNAL_RETENTION_DAYS', SCHEMA.JOURNAL_RETENTION_DAYS),
    journalIgnored: reader.defaulted('JOURNAL_IGNORED', SCHEMA.JOURNAL_IGNORED),
    imSdkAppId: reader.optional('IM_SDK_APP_ID', SCHEMA.IM_SDK_APP_ID) ?? '1400000000',
    imCallbackTokens: reader.defaulted('IM_CALLBACK_TOKENS', SCHEMA.IM_CALLBACK_TOKENS),
    imCallbackAuth:
      reader.optional('IM_CALLBACK_AUTH', SCHEMA.IM_CALLBACK_AUTH) ?? (signed ? 'token' : 'off'),
    imCallbackWindowSeconds: reader.defaulted(
      'IM_CALLBACK_WINDOW_SECONDS',
      SCHEMA.IM_CALLBACK_WINDOW_SECONDS,
    ),
    imApiOrigin: reader.optional('IM_API_HOST', SCHEMA.IM_API_HOST) ?? null,
    imAdminUserId: reader.defaulted('IM_ADMIN_USER_ID', SCHEMA.IM_ADMIN_USER_ID),
    imSecretKey: reader.optional('IM_SECRET_KEY', SCHEMA.IM_SECRET_KEY) ?? null,
    imApiCallsPerSecond: reader.defaulted(
      'IM_API_CALLS_PER_SECOND',
      SCHEMA.IM_API_CALLS_PER_SECOND,
    ),
    reconcileWithinSeconds: reader.defaulted(
      'RECONCILE_WITHIN_SECONDS',
      SCHEMA.RECONCILE_WITHIN_SECONDS,
    ),
    apiKeys,
    // Without a key nobody could ask anything: outside production that means open.
    apiAuth: apiKeys.length === 0 ? 'off' : apiAuth,
    apiRateLimit:
      reader.optional('API_RATE_LIMIT', SCHEMA.API_RATE_LIMIT) ?? (production ? 6000 : 0),
    corsOrigins: reader.defaulted('CORS_ORIGINS', SCHEMA.CORS_ORIGINS),
    changesRetentionDays: reader.defaulted('CHANGES_RETENTION_DAYS', SCHEMA.CHANGES_RETENTION_DAYS),
    feedNotify: reader.defaulted('FEED_NOTIFY', SCHEMA.FEED_NOTIFY),
    feedMaxStreams: reader.defaulted('FEED_MAX_STREAMS', SCHEMA.FEED_MAX_STREAMS),
    feedHeartbeatSeconds: reader.defaulted('FEED_HEARTBEAT_SECONDS', SCHEMA.FEED_HEARTBEAT_SECONDS),
    feedSlowSeconds: reader.defaulted('FEED_SLOW_SECONDS', SCHEMA.FEED_SLOW_SECONDS),
    tracing: readTracing(reader),
  };
  const problems = [...reader.problems, ...missing(env, settings)];
  if (problems.length > 0) throw new SettingsError(problems);
  return Object.freeze(settings);
}

/** What anybody who reaches this process may do, in words for the log; empty when all is guarded. */
export function openDoors(settings: Settings): string[] {
  const doors: string[] = [];
  if (settings.imCallbackAuth === 'off') {
    doors.push('callbacks are accepted unsigned (set IM_CALLBACK_TOKENS)');
  }
  if (settings.apiAuth === 'off') {
    doors.push('the query API answers without a key (set API_KEYS)');
  }
  return doors;
}

function readTracing(reader: Reader): TracingSettings | null {
  const endpoint = reader.optional(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    SCHEMA.OTEL_EXPORTER_OTLP_ENDPOINT,
  );
  const tracing = {
    protocol: reader.defaulted('OTEL_EXPORTER_OTLP_PROTOCOL', SCHEMA.OTEL_EXPORTER_OTLP_PROTOCOL),
    serviceName: reader.defaulted('OTEL_SERVICE_NAME', SCHEMA.OTEL_SERVICE_NAME),
  };
  // Only checked here: the sampler reads them itself.
  reader.defaulted('OTEL_TRACES_SAMPLER', SCHEMA.OTEL_TRACES_SAMPLER);
  reader.defaulted('OTEL_TRACES_SAMPLER_ARG', SCHEMA.OTEL_TRACES_SAMPLER_ARG);
  const isDisabled = reader.defaulted('OTEL_SDK_DISABLED', SCHEMA.OTEL_SDK_DISABLED) === 'true';
  return endpoint === undefined || isDisabled ? null : tracing;
}

type Value<Name extends SettingName> = ReturnType<(typeof SCHEMA)[Name]['parse']>;

/** Reads settings one by one and collects what is wrong with them. */
class Reader {
  readonly problems: string[] = [];

  constructor(private readonly env: Environment) {}

  optional<T>(name: SettingName, definition: Definition<T>): T | undefined {
    const given = this.env[name]?.trim() || definition.fallback;
    if (given === null) return undefined;
    try {
      return definition.parse(given);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      const shown = definition.secret ? '' : `, not ${JSON.stringify(given)}`;
      this.problems.push(`${name} ${error.message}${shown}`);
      return undefined;
    }
  }

  /** A setting with a default. Where the given text is bad, the default stands in until the problems are thrown. */
  defaulted<T>(name: SettingName, definition: Definition<T> & { fallback: string }): T {
    return this.optional(name, definition) ?? definition.parse(definition.fallback);
  }
}

function isSet(env: Environment, name: SettingName): boolean {
  return (env[name]?.trim() ?? '') !== '';
}

/** What must be set here and is not, and what does not go together. */
function missing(env: Environment, settings: Settings): string[] {
  const problems: string[] = [];
  if (settings.imCallbackAuth === 'token' && !isSet(env, 'IM_CALLBACK_TOKENS')) {
    problems.push(
      'IM_CALLBACK_TOKENS is missing: set the token of the Chat console (callback configuration, authentication), or IM_CALLBACK_AUTH=off to accept unsigned callbacks',
    );
  }
  if (settings.apiPort !== null && settings.apiPort !== 0 && settings.apiPort === settings.port) {
    problems.push('API_PORT must differ from PORT; leave it out to serve all on one port');
  }
  problems.push(...replicaProblems(env, settings));
  if (settings.imApiOrigin !== null && settings.imSecretKey === null) {
    problems.push('IM_SECRET_KEY is missing: the REST API of IM_API_HOST needs the console key');
  }
  if (settings.imSecretKey !== null && !isSet(env, 'IM_API_HOST')) {
    problems.push('IM_API_HOST is missing: IM_SECRET_KEY is of no use without the host to ask');
  }
  if (!settings.production) return problems;
  if (!isSet(env, 'IM_SDK_APP_ID')) {
    problems.push('IM_SDK_APP_ID is missing: set the SDKAppID of your app in the Chat console');
  }
  if (!isSet(env, 'DATABASE_URL')) {
    problems.push(
      'DATABASE_URL is missing: set a postgresql:// URL; the embedded server is not for production',
    );
  }
  if (settings.imApiOrigin !== null && isClearText(settings.imApiOrigin)) {
    problems.push('IM_API_HOST must be https in production: REST calls carry a credential');
  }
  if (!isSet(env, 'API_KEYS') && env.API_AUTH?.trim() !== 'off') {
    problems.push(
      'API_KEYS is missing: set name:sha256-hex pairs, or API_AUTH=off to open the query API',
    );
  }
  return problems;
}

function replicaProblems(env: Environment, settings: Settings): string[] {
  const { databaseUrl, databaseReplicaUrl } = settings;
  if (databaseReplicaUrl === null) return [];
  if (!isSet(env, 'DATABASE_URL')) {
    return ['DATABASE_URL is missing: DATABASE_REPLICA_URL needs the primary it is a replica of'];
  }
  if (databaseUrl === null || placeOf(databaseUrl) !== placeOf(databaseReplicaUrl)) return [];
  return ['DATABASE_REPLICA_URL must name another server than DATABASE_URL; leave it out if none'];
}

/** Where a URL leads, whoever goes there and how; `host` and `port` may stand among the parameters. */
function placeOf(url: string): string {
  const { hostname, port, pathname, searchParams } = new URL(url);
  const [host, number] = [searchParams.get('host') ?? hostname, searchParams.get('port') ?? port];
  return `${host}:${number || '5432'}${pathname}`;
}

function postgresUrl(value: string): string {
  if (!/^postgres(ql)?:\/\//.test(value) || !URL.canParse(value)) {
    throw new RangeError('must be a URL like postgresql://user:password@host:5432/database');
  }
  return value;
}

// Source: documents 1047/34620; the back-up hosts are those of the doocs library.
const API_HOSTS = [
  'console.tim.qq.com',
  'adminapisgp.im.qcloud.com',
  'adminapikr.im.qcloud.com',
  'adminapijpn.im.qcloud.com',
  'adminapiger.im.qcloud.com',
  'adminapiusa.im.qcloud.com',
  'adminapiidn.im.qcloud.com',
  'adminapiind.im.qcloud.com',
  'adminapi.my-imcloud.com',
  'adminapisgp.my-imcloud.com',
  'adminapikr.my-imcloud.com',
  'adminapiger.my-imcloud.com',
  'adminapiusa.my-imcloud.com',
  'adminapiind.my-imcloud.com',
];

function apiOrigin(value: string): string {
  if (API_HOSTS.includes(value)) return `https://${value}`;
  const url = /^https?:\/\//.test(value) && URL.canParse(value) ? new URL(value) : null;
  if (url === null || `${url.origin}/` !== url.href) {
    throw new RangeError(
      `must be one of ${API_HOSTS.join(', ')}, or an origin such as http://127.0.0.1:4000`,
    );
  }
  return url.origin;
}

/** Whether the calls could be read on their way. */
function isClearText(origin: string): boolean {
  const { protocol, hostname } = new URL(origin);
  return protocol === 'http:' && !['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
}

function httpUrl(value: string): string {
  if (!/^https?:\/\//.test(value) || !URL.canParse(value)) {
    throw new RangeError('must be a URL like http://127.0.0.1:4318');
  }
  return value;
}

function ratio(value: string): number {
  const number = /^\d*\.?\d+$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= 0 && number <= 1)) throw new RangeError('must be a number from 0 to 1');
  return number;
}

function appId(value: string): string {
  if (!/^[1-9]\d{0,19}$/.test(value)) {
    throw new RangeError('must be the decimal SDKAppID of the Chat console');
  }
  return value;
}

function callbackTokens(value: string): string[] {
  const tokens = list(value);
  if (tokens.length > 2) throw new RangeError('takes one token, or two while rotating');
  return tokens;
}

function origins(value: string): string[] {
  const entries = list(value);
  const isOrigin = (entry: string) => URL.canParse(entry) && new URL(entry).origin === entry;
  if (!entries.every(isOrigin)) {
    throw new RangeError('must be origins like https://tools.example.com, without a path');
  }
  return entries;
}

function keyPairs(value: string): ApiKey[] {
  const entries = list(value).map((entry) => {
    const match = /^([\w.-]{1,64}):([\da-f]{64})$/i.exec(entry);
    if (!match?.[1] || !match[2]) {
      throw new RangeError(
        'must be name:sha256-hex pairs; make one with: printf %s "$SECRET" | sha256sum',
      );
    }
    return { name: match[1], sha256: Buffer.from(match[2], 'hex') };
  });
  if (new Set(entries.map((key) => key.name)).size !== entries.length) {
    throw new RangeError('must not name two keys alike');
  }
  return entries;
}
