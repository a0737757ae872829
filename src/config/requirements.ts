import type { Environment } from './environment.js';
import type { SettingName, Values } from './schema.js';

/** The settings, read. */
type Given = Values & { readonly production: boolean; readonly imApiOrigin: string | null };

/** What must be set here and is not, and what does not go together. */
export function missing(env: Environment, settings: Given): string[] {
  const problems: string[] = [];
  if (settings.imCallbackAuth === 'token' && settings.imCallbackTokens.length === 0) {
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
  if (settings.production) problems.push(...productionProblems(env, settings));
  if (settings.apiAuth === 'key' && settings.apiKeys.length === 0) {
    problems.push(
      'API_KEYS is missing: set name:sha256-hex pairs, or API_AUTH=off to open the query API',
    );
  }
  return problems;
}

function productionProblems(env: Environment, settings: Given): string[] {
  const problems: string[] = [];
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
  return problems;
}

function replicaProblems(env: Environment, settings: Given): string[] {
  const { databaseUrl, databaseReplicaUrl } = settings;
  if (databaseReplicaUrl === null) return [];
  if (!isSet(env, 'DATABASE_URL')) {
    return ['DATABASE_URL is missing: DATABASE_REPLICA_URL needs the primary it is a replica of'];
  }
  if (databaseUrl === null || placeOf(databaseUrl) !== placeOf(databaseReplicaUrl)) return [];
  return ['DATABASE_REPLICA_URL must name another server than DATABASE_URL; leave it out if none'];
}

/** Host, port and path of a URL, without credentials; `host` and `port` may be among the parameters. */
export function placeOf(url: string): string {
  const { hostname, port, pathname, searchParams } = new URL(url);
  const [host, number] = [searchParams.get('host') ?? hostname, searchParams.get('port') ?? port];
  return `${host}:${number || '5432'}${pathname}`;
}

/** Whether the calls could be read on their way. */
function isClearText(origin: string): boolean {
  const { protocol, hostname } = new URL(origin);
  return protocol === 'http:' && !['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
}

export function isSet(env: Environment, name: SettingName): boolean {
  return (env[name] ?? '') !== '';
}
