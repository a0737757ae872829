// One entry for each setting. The README's table and `.env.example` are compared with it by a test.
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
} from './values.js';

export const SCHEMA = {
  NODE_ENV: {
    fallback: 'development',
    meaning:
      '`production` is the switch: secrets are then required, nothing is started or migrated; else `development` or `test`',
    parse: oneOf('development', 'test', 'production'),
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
    parse: postgresUrl,
  },
  DATABASE_REPLICA_URL: {
    fallback: null,
    meaning:
      'a streaming replica of `DATABASE_URL`, one server: answers of the query API are read there',
    parse: postgresUrl,
  },
  DATABASE_POOL_SIZE: {
    fallback: '10',
    meaning:
      'most connections this process opens to PostgreSQL, 3 or more; to a replica half as many, besides',
    parse: integer(3, 1000),
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
  BODIES_MAX_BYTES: {
    fallback: '16777216',
    meaning:
      'how much the bodies of callbacks may take together until they are answered; further large ones wait',
    parse: integer(1_048_576, 17_179_869_184),
  },
  ANSWERS_MAX_BYTES: {
    fallback: '67108864',
    meaning:
      'how much large answers may take together until they are read; further ones are refused with `503`',
    parse: integer(8_388_608, 17_179_869_184),
  },
  ANSWER_SLOW_SECONDS: {
    fallback: '30',
    meaning: 'a connection is cut whose reader has not taken a large answer in so many seconds',
    parse: integer(1, 3600),
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
  RECONCILE_SECOND_LOOK_SECONDS: {
    fallback: '60',
    meaning:
      'an answer of the REST API that denies what a callback said in the seconds before waits for a second look after them; 0: it is believed at once',
    parse: integer(0, 3_600),
  },
  RECONCILE_DELETIONS_WAIT_SECONDS: {
    fallback: '180',
    meaning:
      'deletions that are held back need a second answer that comes so many seconds after the first; 0: none are held back',
    parse: integer(0, 86_400),
  },
  RECONCILE_DELETIONS_GROUP_PERCENT: {
    fallback: '30',
    meaning:
      'deletions that no callback told are held back from this share of the topics of a group on; so is the end of a group',
    parse: integer(1, 100),
  },
  RECONCILE_DELETIONS_HOUR_PERCENT: {
    fallback: '10',
    meaning:
      'from this share of all topics on, and from 100 topics on, an hour sees no more deletions that no callback told',
    parse: integer(1, 100),
  },
  API_KEYS: {
    fallback: '',
    meaning:
      'keys of the query API as `name:sha256-hex`, comma-separated; without them it is open (not in production)',
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
  TRUSTED_PROXIES: {
    fallback: '',
    meaning:
      'addresses or networks such as `10.0.0.0/8` of proxies, comma-separated: from them the client in `X-Forwarded-For` is believed',
    parse: networks,
  },
  FEED_NOTIFY: {
    fallback: 'on',
    meaning:
      '`off` finds what other processes changed by polling alone: behind PgBouncer in transaction mode',
    parse: oneOf('on', 'off'),
  },
  FEED_MAX_STREAMS: {
    fallback: '2000',
    meaning:
      'most streams of the feed that this process keeps open; each API key has an equal share',
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

/** What a setting is as a value. */
export type Value<Name extends SettingName> = ReturnType<(typeof SCHEMA)[Name]['parse']>;
