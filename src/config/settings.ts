// Owns the settings: read once at the start, frozen. Nothing else reads the environment.
import { type Context, type Definition, given } from './definition.js';
import type { Environment } from './environment.js';
import { isSet, missing } from './requirements.js';
import { SCHEMA, SECRETS, type Values } from './schema.js';
import { readSecretFiles, type Resolved } from './secret-files.js';

export interface TracingSettings {
  readonly protocol: Values['otelExporterOtlpProtocol'];
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

/** The settings of this process, as typed values; SCHEMA describes them. */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export interface Settings extends Values {
  readonly production: boolean;
  /** Scheme, host and port of the REST API; `null`: none is set. */
  readonly imApiOrigin: string | null;
  /** `null`: nothing is traced. OpenTelemetry reads its further variables from the environment itself. */
  readonly tracing: TracingSettings | null;
}

/** A class so that Nest can inject the settings: it has no members of its own that could stay unset. */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export abstract class Settings {}

/**
 * Reads and checks an environment; what is unset takes its default.
 * @throws SettingsError naming every problem, never a value.
 */
export function parseSettings(environment: Environment): Settings {
  const resolved = readSecretFiles(environment, SECRETS);
  const { env } = resolved;
  const reader = new Reader(resolved);
  const values = reader.readAll();
  const isAuthSet = isSet(env, 'API_AUTH') && !reader.faulty.has('API_AUTH');
  const production = values.nodeEnv === 'production';
  // Unless it is set, the query API is open outside production alone, and only where there is no key.
  const isGuarded = production || isSet(env, 'API_KEYS') || isAuthSet;
  const isTraced = values.otelExporterOtlpEndpoint !== null && values.otelSdkDisabled === 'false';
  const settings: Settings = {
    ...values,
    production,
    apiAuth: isGuarded ? values.apiAuth : 'off',
    imApiOrigin: values.imApiHost,
    tracing: isTraced
      ? { protocol: values.otelExporterOtlpProtocol, serviceName: values.otelServiceName }
      : null,
  };
  const isReported = (problem: string) => reader.faulty.has(problem.split(' ', 1)[0] ?? '');
  const problems = [
    ...reader.problems,
    ...missing(env, settings).filter((problem) => !isReported(problem)),
  ];
  if (problems.length > 0) throw new SettingsError(problems);
  return Object.freeze(settings);
}

// A signature is one SHA-256 of token and time, which can be tried billions of times a second.
const MIN_TOKEN_LENGTH = 16;

/** What every client of this process may do; `code` is stable. */
export interface SecurityWarning {
  readonly code: 'UNSIGNED_CALLBACKS' | 'OPEN_API' | 'SHORT_TOKEN';
  readonly message: string;
}

export function securityFindings(settings: Settings): SecurityWarning[] {
  const warnings: SecurityWarning[] = [];
  if (settings.imCallbackAuth === 'off') {
    const message = 'callbacks are accepted unsigned (set IM_CALLBACK_TOKENS)';
    warnings.push({ code: 'UNSIGNED_CALLBACKS', message });
  }
  if (settings.apiAuth === 'off') {
    const message = 'the query API answers without a key (set API_KEYS)';
    warnings.push({ code: 'OPEN_API', message });
  }
  if (settings.imCallbackTokens.some((token) => token.length < MIN_TOKEN_LENGTH)) {
    const message = `IM_CALLBACK_TOKENS is short: it can be found from one signature (${MIN_TOKEN_LENGTH} characters or more)`;
    warnings.push({ code: 'SHORT_TOKEN', message });
  }
  return warnings;
}

/** Security warnings for the log. */
export function securityWarnings(settings: Settings): string[] {
  return securityFindings(settings).map(({ message }) => message);
}

/** Reads all settings and collects what is wrong with them. */
class Reader {
  readonly problems: string[] = [];
  /** The settings that these problems are about. */
  readonly faulty = new Set<string>();
  private readonly env: Environment;

  constructor(private readonly resolved: Resolved) {
    this.env = resolved.env;
  }

  readAll(): Values {
    const { NODE_ENV, ...others } = SCHEMA;
    const nodeEnv = this.read('NODE_ENV', NODE_ENV);
    const production = nodeEnv === 'production';
    const context = { production, signed: production || isSet(this.env, 'IM_CALLBACK_TOKENS') };
    const entries = Object.entries<Definition<unknown>>(others).map(([name, definition]) => [
      camelCase(name),
      this.read(name, definition, context),
    ]);
    // SCHEMA names each of the values, with a parser that makes it.
    return { nodeEnv, ...Object.fromEntries(entries) } as Values;
  }

  /** Where the given text is bad, the default stands in until the problems are thrown. */
  private read<T>(name: string, definition: Definition<T>, context?: Context): T | null {
    const { problems, sources } = this.resolved;
    const problem = problems.get(name);
    try {
      if (problem !== undefined) this.report(name, problem);
      const value = given(this.env[name]);
      if (value !== undefined) return definition.parse(value);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.report(name, `${sources.get(name) ?? name} ${error.message}`);
    }
    if (definition.fallback !== null) return definition.parse(definition.fallback);
    return context && definition.otherwise ? definition.otherwise(context) : null;
  }

  private report(name: string, problem: string): void {
    this.problems.push(problem);
    this.faulty.add(name);
  }
}

function camelCase(name: string): string {
  return name.toLowerCase().replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
