// Owns the settings: read once at the start, frozen. Nothing else reads the environment.
import { type Definition, given } from './definition.js';
import type { Environment } from './environment.js';
import { isSet, missing } from './requirements.js';
import { SCHEMA, type SettingName, type Value } from './schema.js';
import type { ApiKey } from './values.js';

/** What is traced goes there; whatever else OpenTelemetry knows it reads from the environment itself. */
export interface TracingSettings {
  readonly protocol: 'http/protobuf' | 'http/json';
  readonly serviceName: string;
}

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
  abstract readonly bodiesMaxBytes: number;
  abstract readonly answersMaxBytes: number;
  abstract readonly answerSlowSeconds: number;
  /** Scheme, host and port of the REST API; `null`: there is none to ask. */
  abstract readonly imApiOrigin: string | null;
  abstract readonly imAdminUserId: string;
  abstract readonly imSecretKey: string | null;
  abstract readonly imApiCallsPerSecond: number;
  abstract readonly reconcileWithinSeconds: number;
  abstract readonly reconcileSecondLookSeconds: number;
  abstract readonly reconcileDeletionsWaitSeconds: number;
  abstract readonly reconcileDeletionsGroupPercent: number;
  abstract readonly reconcileDeletionsHourPercent: number;
  abstract readonly apiKeys: readonly ApiKey[];
  abstract readonly apiAuth: Value<'API_AUTH'>;
  abstract readonly apiRateLimit: number;
  abstract readonly corsOrigins: readonly string[];
  /** Addresses and networks whose word about the client's address is taken. */
  abstract readonly trustedProxies: readonly string[];
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
 * @throws SettingsError naming every problem, never a value.
 */
export function parseSettings(env: Environment): Settings {
  const reader = new Reader(env);
  const production = reader.defaulted('NODE_ENV', SCHEMA.NODE_ENV) === 'production';
  const apiKeys = reader.defaulted('API_KEYS', SCHEMA.API_KEYS);
  const apiAuth = reader.defaulted('API_AUTH', SCHEMA.API_AUTH);
  // What is not said is open outside production alone, and only where there is no secret.
  const signed = production || isSet(env, 'IM_CALLBACK_TOKENS');
  const isAuthSaid = isSet(env, 'API_AUTH') && !reader.faulty.has('API_AUTH');
  const guarded = production || isSet(env, 'API_KEYS') || isAuthSaid;
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
    bodiesMaxBytes: reader.defaulted('BODIES_MAX_BYTES', SCHEMA.BODIES_MAX_BYTES),
    answersMaxBytes: reader.defaulted('ANSWERS_MAX_BYTES', SCHEMA.ANSWERS_MAX_BYTES),
    answerSlowSeconds: reader.defaulted('ANSWER_SLOW_SECONDS', SCHEMA.ANSWER_SLOW_SECONDS),
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
    reconcileSecondLookSeconds: reader.defaulted(
      'RECONCILE_SECOND_LOOK_SECONDS',
      SCHEMA.RECONCILE_SECOND_LOOK_SECONDS,
    ),
    reconcileDeletionsWaitSeconds: reader.defaulted(
      'RECONCILE_DELETIONS_WAIT_SECONDS',
      SCHEMA.RECONCILE_DELETIONS_WAIT_SECONDS,
    ),
    reconcileDeletionsGroupPercent: reader.defaulted(
      'RECONCILE_DELETIONS_GROUP_PERCENT',
      SCHEMA.RECONCILE_DELETIONS_GROUP_PERCENT,
    ),
    reconcileDeletionsHourPercent: reader.defaulted(
      'RECONCILE_DELETIONS_HOUR_PERCENT',
      SCHEMA.RECONCILE_DELETIONS_HOUR_PERCENT,
    ),
    apiKeys,
    apiAuth: guarded ? apiAuth : 'off',
    apiRateLimit:
      reader.optional('API_RATE_LIMIT', SCHEMA.API_RATE_LIMIT) ?? (production ? 6000 : 0),
    corsOrigins: reader.defaulted('CORS_ORIGINS', SCHEMA.CORS_ORIGINS),
    trustedProxies: reader.defaulted('TRUSTED_PROXIES', SCHEMA.TRUSTED_PROXIES),
    changesRetentionDays: reader.defaulted('CHANGES_RETENTION_DAYS', SCHEMA.CHANGES_RETENTION_DAYS),
    feedNotify: reader.defaulted('FEED_NOTIFY', SCHEMA.FEED_NOTIFY),
    feedMaxStreams: reader.defaulted('FEED_MAX_STREAMS', SCHEMA.FEED_MAX_STREAMS),
    feedHeartbeatSeconds: reader.defaulted('FEED_HEARTBEAT_SECONDS', SCHEMA.FEED_HEARTBEAT_SECONDS),
    feedSlowSeconds: reader.defaulted('FEED_SLOW_SECONDS', SCHEMA.FEED_SLOW_SECONDS),
    tracing: readTracing(reader),
  };
  const isTold = (problem: string) => reader.faulty.has(problem.split(' ', 1)[0] ?? '');
  const problems = [
    ...reader.problems,
    ...missing(env, settings).filter((problem) => !isTold(problem)),
  ];
  if (problems.length > 0) throw new SettingsError(problems);
  return Object.freeze(settings);
}

// A signature is one SHA-256 of token and time, which can be tried billions of times a second.
const MIN_TOKEN_LENGTH = 16;

/** What anybody who reaches this process may do, in words for the log; empty when all is guarded. */
export function openDoors(settings: Settings): string[] {
  const doors: string[] = [];
  if (settings.imCallbackAuth === 'off') {
    doors.push('callbacks are accepted unsigned (set IM_CALLBACK_TOKENS)');
  }
  if (settings.apiAuth === 'off') {
    doors.push('the query API answers without a key (set API_KEYS)');
  }
  if (settings.imCallbackTokens.some((token) => token.length < MIN_TOKEN_LENGTH)) {
    doors.push(
      `IM_CALLBACK_TOKENS is short: whoever sees one signature can find it (${MIN_TOKEN_LENGTH} characters or more)`,
    );
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

/** Reads settings one by one and collects what is wrong with them. */
class Reader {
  readonly problems: string[] = [];
  /** The settings that these problems are about. */
  readonly faulty = new Set<string>();

  constructor(private readonly env: Environment) {}

  optional<T>(name: SettingName, definition: Definition<T>): T | undefined {
    try {
      const value = given(this.env[name]) ?? definition.fallback;
      return value === null ? undefined : definition.parse(value);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.problems.push(`${name} ${error.message}`);
      this.faulty.add(name);
      return undefined;
    }
  }

  /** A setting with a default. Where the given text is bad, the default stands in until the problems are thrown. */
  defaulted<T>(name: SettingName, definition: Definition<T> & { fallback: string }): T {
    return this.optional(name, definition) ?? definition.parse(definition.fallback);
  }
}
