// One entry for each setting: the type of Settings is inferred from it, and the settings spec writes the
// tables of docs/settings.md and `.env.example` from it.
import { type Definition, integer, oneOf, text } from './definition.js';
import {
  apiOrigin,
  appId,
  callbackTokens,
  httpUrl,
  keyPairs,
  networks,
  origins,
  postgresUrl,
  ratio,
  relayUrl,
} from './values.js';

export const SCHEMA = {
  NODE_ENV: {
    group: 'Server',
    fallback: 'development',
    example: 'production',
    meaning:
      '`production` requires secrets and starts or migrates nothing; else `development` or `test`',
    parse: oneOf('development', 'test', 'production'),
  },
  PORT: { fallback: '3000', meaning: 'port to listen on', parse: integer(0, 65_535) },
  HOST: {
    fallback: null,
    otherwise: ({ production }) => (production ? '0.0.0.0' : '127.0.0.1'),
    example: '127.0.0.1',
    meaning: 'address to listen on; `127.0.0.1`, in production `0.0.0.0`',
    parse: text,
  },
  API_PORT: {
    fallback: null,
    example: '3001',
    meaning: 'separate port for query API, probes and metrics; `PORT` then serves callbacks only',
    parse: integer(0, 65_535),
  },
  API_HOST: {
    fallback: '127.0.0.1',
    meaning: 'address to listen on for `API_PORT`',
    parse: text,
  },
  LOG_LEVEL: {
    fallback: 'info',
    meaning: 'minimum log level',
    parse: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
  },
  DRAIN_SECONDS: {
    fallback: null,
    otherwise: ({ production }) => (production ? 5 : 0),
    example: '5',
    meaning: 'seconds from SIGTERM until the port closes; `5` in production, else `0`',
    parse: integer(0, 60),
  },
  DATABASE_URL: {
    group: 'PostgreSQL; without a URL `npm start` runs an embedded one under DATA_DIR',
    fallback: null,
    example: 'postgresql://topic_mirror:secret@127.0.0.1:5432/topic_mirror',
    secret: true,
    meaning: 'PostgreSQL, 14 or newer; without it an embedded one is started (not in production)',
    parse: postgresUrl,
  },
  DATABASE_REPLICA_URL: {
    fallback: null,
    example: 'postgresql://topic_mirror:secret@127.0.0.1:5433/topic_mirror',
    secret: true,
    meaning: 'streaming replica of `DATABASE_URL` (one host), read by the query API',
    parse: postgresUrl,
  },
  DATABASE_POOL_SIZE: {
    fallback: '10',
    meaning: 'maximum number of connections of this process; half as many more to a replica',
    parse: integer(3, 1000),
  },
  DATABASE_PREPARE: {
    fallback: 'on',
    meaning: '`off` disables prepared statements, for PgBouncer before 1.21 in transaction mode',
    parse: oneOf('on', 'off'),
  },
  DATA_DIR: {
    fallback: '.data',
    meaning: 'directory of the embedded PostgreSQL and of the spool',
    parse: text,
  },
  SPOOL_MAX_BYTES: {
    group: 'Spool and retention',
    fallback: '268435456',
    meaning: 'maximum size of the spool, which stores callbacks while PostgreSQL is away',
    parse: integer(0, 1_099_511_627_776),
  },
  JOURNAL_RETENTION_DAYS: {
    fallback: '30',
    meaning: 'retention of callbacks in the journal in days; `0` for ever',
    parse: integer(0, 36_500),
  },
  JOURNAL_IGNORED: {
    fallback: 'keep',
    meaning: '`drop` excludes callbacks that are not mirrored, such as messages, from the journal',
    parse: oneOf('keep', 'drop'),
  },
  CHANGES_RETENTION_DAYS: {
    fallback: '365',
    meaning: 'retention of changes in the feed and the history in days; `0` for ever',
    parse: integer(0, 36_500),
  },
  IM_SDK_APP_ID: {
    group: 'Callbacks: SDKAppID and token of the Chat console',
    fallback: null,
    otherwise: () => '1400000000',
    example: '1400000000',
    meaning: 'SDKAppID whose callbacks are accepted; `1400000000` outside production',
    parse: appId,
  },
  IM_CALLBACK_TOKENS: {
    fallback: '',
    secret: true,
    meaning: 'callback authentication token of the console; two, comma-separated, during rotation',
    parse: callbackTokens,
  },
  IM_CALLBACK_AUTH: {
    fallback: null,
    otherwise: ({ signed }) => (signed ? 'token' : 'off'),
    example: 'token',
    meaning: '`off` accepts unsigned callbacks; `token` in production and if tokens are set',
    parse: oneOf('token', 'off'),
  },
  IM_CALLBACK_WINDOW_SECONDS: {
    fallback: '60',
    meaning: 'maximum difference between the `RequestTime` of a callback and now',
    parse: integer(1, 86_400),
  },
  RELAY_URL: {
    group: 'Relay of callbacks to a backend of the app',
    fallback: null,
    example: 'https://backend.example.com/imcallback',
    secret: true,
    meaning: 'URL of a backend to which every callback is relayed; may hold credentials',
    parse: relayUrl,
  },
  RELAY_BEFORE: {
    fallback: 'allow',
    meaning:
      'verdict on a blocking callback that the backend does not answer within 1.5 s: `allow` or `refuse`',
    parse: oneOf('allow', 'refuse'),
  },
  RELAY_MAX_AGE_HOURS: {
    fallback: '24',
    meaning: 'hours after which a callback that the backend has not accepted is given up',
    parse: integer(1, 8_760),
  },
  RELAY_CONCURRENCY: {
    fallback: '16',
    meaning: 'maximum number of relayed callbacks in flight; those of one group go one by one',
    parse: integer(2, 256),
  },
  RELAY_MAX_PER_SECOND: {
    fallback: '1000',
    meaning: 'maximum rate of relayed callbacks, also while it catches up after an outage',
    parse: integer(1, 100_000),
  },
  BODIES_MAX_BYTES: {
    group: 'Memory limits',
    fallback: '16777216',
    meaning: 'maximum memory for the bodies of unanswered callbacks; further large ones wait',
    parse: integer(1_048_576, 17_179_869_184),
  },
  ANSWERS_MAX_BYTES: {
    fallback: '67108864',
    meaning: 'maximum memory for large responses being sent; further ones are rejected with `503`',
    parse: integer(8_388_608, 17_179_869_184),
  },
  ANSWER_SLOW_SECONDS: {
    fallback: '30',
    meaning: 'maximum time for a client to read a large response before it is disconnected',
    parse: integer(1, 3600),
  },
  IM_API_HOST: {
    group: "The vendor's REST API and reconciliation",
    fallback: null,
    example: 'console.tim.qq.com',
    meaning: "host of the REST API in the app's region, such as `console.tim.qq.com`, or an origin",
    parse: apiOrigin,
  },
  IM_ADMIN_USER_ID: {
    fallback: 'administrator',
    meaning: 'administrator account of the app that makes REST calls',
    parse: text,
  },
  IM_SECRET_KEY: {
    fallback: null,
    secret: true,
    meaning: 'secret key of the Chat console, which signs REST calls',
    parse: text,
  },
  IM_API_CALLS_PER_SECOND: {
    fallback: '100',
    meaning:
      'maximum rate of `get_topic` calls per second over all processes; the vendor allows 200',
    parse: integer(1, 190),
  },
  RECONCILE_WITHIN_SECONDS: {
    fallback: '86400',
    meaning: 'maximum age of the verification of a group; every group is reconciled within it',
    parse: integer(1, 31_536_000),
  },
  RECONCILE_SECOND_LOOK_SECONDS: {
    fallback: '60',
    meaning: 'delay of the second look after a snapshot contradicts a recent callback; `0`: none',
    parse: integer(0, 3_600),
  },
  RECONCILE_DELETIONS_WAIT_SECONDS: {
    fallback: '180',
    meaning: 'minimum delay of the snapshot that confirms held deletions; `0` holds none',
    parse: integer(0, 86_400),
  },
  RECONCILE_DELETIONS_GROUP_PERCENT: {
    fallback: '30',
    meaning: "percentage of a group's topics from which deletions without a callback are held",
    parse: integer(1, 100),
  },
  RECONCILE_DELETIONS_HOUR_PERCENT: {
    fallback: '10',
    meaning:
      'percentage of all topics, deleted without a callback, that stops deletions for the hour',
    parse: integer(1, 100),
  },
  API_KEYS: {
    group:
      'Query API; a key is the name and the SHA-256 of a secret:\n  SECRET=$(openssl rand -hex 32); echo "$SECRET"; printf %s "$SECRET" | sha256sum | cut -d\' \' -f1',
    fallback: '',
    example: 'tools:<64 hex digits>',
    secret: true,
    meaning:
      'API keys, comma-separated: `name:sha256-hex`, with `:callbacks` for callbacks as well',
    parse: keyPairs,
  },
  API_AUTH: {
    fallback: 'key',
    meaning: '`off` disables authentication of the query API',
    parse: oneOf('key', 'off'),
  },
  API_RATE_LIMIT: {
    fallback: null,
    otherwise: ({ production }) => (production ? 6000 : 0),
    example: '6000',
    meaning:
      'maximum requests per minute, key and process; `6000` in production, else `0`: no limit',
    parse: integer(0, 1_000_000_000),
  },
  CORS_ORIGINS: {
    fallback: '',
    example: 'https://tools.example.com',
    meaning: 'origins allowed to use the query API from browsers, comma-separated',
    parse: origins,
  },
  TRUSTED_PROXIES: {
    fallback: '',
    example: '10.0.0.0/8',
    meaning: 'addresses or networks of proxies whose `X-Forwarded-For` is trusted, comma-separated',
    parse: networks,
  },
  FEED_NOTIFY: {
    group: 'Feed of changes',
    fallback: 'on',
    meaning: '`off` polls for changes of other processes, for PgBouncer in transaction mode',
    parse: oneOf('on', 'off'),
  },
  FEED_MAX_STREAMS: {
    fallback: '2000',
    meaning: 'maximum number of open streams per process, shared equally by the API keys',
    parse: integer(1, 100_000),
  },
  FEED_HEARTBEAT_SECONDS: {
    fallback: '15',
    meaning: 'interval of heartbeat comments on an idle stream',
    parse: integer(1, 300),
  },
  FEED_SLOW_SECONDS: {
    fallback: '30',
    meaning: 'time without progress after which a slow subscriber is disconnected',
    parse: integer(1, 3600),
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    group:
      'OpenTelemetry; other variables, such as OTEL_EXPORTER_OTLP_HEADERS, are supported as well',
    fallback: null,
    example: 'http://127.0.0.1:4318',
    meaning: 'OTLP/HTTP endpoint for spans; without it tracing is off',
    parse: httpUrl,
  },
  OTEL_EXPORTER_OTLP_PROTOCOL: {
    fallback: 'http/protobuf',
    meaning: 'OTLP encoding: `http/protobuf` or `http/json`',
    parse: oneOf('http/protobuf', 'http/json'),
  },
  OTEL_SERVICE_NAME: {
    fallback: 'topic-mirror',
    meaning: 'service name in traces',
    parse: text,
  },
  OTEL_TRACES_SAMPLER: {
    fallback: 'parentbased_always_on',
    example: 'parentbased_traceidratio',
    meaning: 'sampler of traces, by its OpenTelemetry name',
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
    example: '0.01',
    meaning: 'ratio of sampled traces, from 0 to 1, for a `…traceidratio` sampler',
    parse: ratio,
  },
  OTEL_SDK_DISABLED: {
    fallback: 'false',
    meaning: '`true` disables tracing',
    parse: oneOf('true', 'false'),
  },
} as const satisfies Record<string, Definition<unknown>>;

export type SettingName = keyof typeof SCHEMA;

/** The settings that can be read from a file. */
export const SECRETS: readonly string[] = Object.entries<Definition<unknown>>(SCHEMA)
  .filter(([, { secret }]) => secret)
  .map(([name]) => name);

type Parsed<Name extends SettingName> = ReturnType<(typeof SCHEMA)[Name]['parse']>;

/** A setting as a value; `null` where it is not set and has no default. */
type Value<Name extends SettingName> =
  | Parsed<Name>
  | ((typeof SCHEMA)[Name] extends { fallback: string } | { otherwise: unknown } ? never : null);

type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Lowercase<Head>}${Capitalize<CamelCase<Tail>>}`
  : Lowercase<Name>;

/** Every setting under its name in camel case: `dataDir` is DATA_DIR. */
export type Values = { readonly [Name in SettingName as CamelCase<Name>]: Value<Name> };
