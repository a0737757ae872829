import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Definition } from '../../src/config/definition.js';
import { SCHEMA } from '../../src/config/schema.js';
import { securityWarnings, parseSettings } from '../../src/config/settings.js';
import { problemsOf } from '../support/settings-problems.js';

const DEFINITIONS: [string, Definition<unknown>][] = Object.entries(SCHEMA);
const HASH = 'a'.repeat(64);
const PRODUCTION = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgresql://u:p@db/x',
  IM_SDK_APP_ID: '1400000001',
  IM_CALLBACK_TOKENS: 'a-token-of-the-console',
  API_KEYS: `tools:${HASH}`,
};

describe('the settings', () => {
  it('need nothing outside production, and stay on the loopback', () => {
    const settings = parseSettings({});
    expect(settings).toMatchObject({
      production: false,
      host: '127.0.0.1',
      port: 3000,
      databaseUrl: null,
      dataDir: '.data',
      imSdkAppId: '1400000000',
      imCallbackAuth: 'off',
      imCallbackWindowSeconds: 60,
      apiAuth: 'off',
    });
    expect(securityWarnings(settings)).toHaveLength(2);
  });

  it('guard everything in production', () => {
    const settings = parseSettings(PRODUCTION);
    expect(settings).toMatchObject({
      production: true,
      host: '0.0.0.0',
      imCallbackAuth: 'token',
      apiAuth: 'key',
    });
    expect(securityWarnings(settings)).toEqual([]);
  });

  it('require signed callbacks wherever a token is set', () => {
    expect(parseSettings({ IM_CALLBACK_TOKENS: 't' }).imCallbackAuth).toBe('token');
    expect(parseSettings({ IM_CALLBACK_TOKENS: 't', IM_CALLBACK_AUTH: 'off' }).imCallbackAuth).toBe(
      'off',
    );
  });

  it('tell all that production lacks at once, each with what to set', () => {
    expect(problemsOf({ NODE_ENV: 'production' })).toEqual([
      expect.stringMatching(/^IM_CALLBACK_TOKENS is missing: .*IM_CALLBACK_AUTH=off/),
      expect.stringMatching(/^IM_SDK_APP_ID is missing: /),
      expect.stringMatching(/^DATABASE_URL is missing: /),
      expect.stringMatching(/^API_KEYS is missing: .*API_AUTH=off/),
    ]);
  });

  it.each([
    ['IM_CALLBACK_TOKENS', 'IM_CALLBACK_AUTH'],
    ['API_KEYS', 'API_AUTH'],
  ])('let production run without %s when %s is off', (secret, auth) => {
    const settings = parseSettings({ ...PRODUCTION, [secret]: '', [auth]: 'off' });
    expect(securityWarnings(settings)).toHaveLength(1);
  });

  it.each([
    ['PORT', '70000'],
    ['PORT', '1e3'],
    ['LOG_LEVEL', 'loud'],
    ['DATABASE_URL', 'mysql://x/y'],
    ['DATABASE_REPLICA_URL', 'mysql://x/y'],
    ['IM_SDK_APP_ID', 'abc'],
    ['IM_CALLBACK_AUTH', 'maybe'],
    ['IM_CALLBACK_TOKENS', 'a,b,c'],
    ['IM_CALLBACK_WINDOW_SECONDS', '0'],
    ['IM_API_HOST', 'example.org'],
    ['IM_API_HOST', 'http://127.0.0.1:4000/v4'],
    ['IM_API_CALLS_PER_SECOND', '200'],
    ['API_KEYS', 'tools:secret'],
    ['API_KEYS', `x:${HASH},x:${HASH}`],
    ['API_AUTH', 'none'],
    ['CORS_ORIGINS', 'https://tools.example.com/'],
    ['CORS_ORIGINS', '*'],
    ['TRUSTED_PROXIES', 'proxy.example.com'],
    ['TRUSTED_PROXIES', '10.0.0.0/33'],
    ['TRUSTED_PROXIES', '0.0.0.0/0'],
    ['TRUSTED_PROXIES', '::/0'],
    ['TRUSTED_PROXIES', 'fe80::1%eth0'],
    ['FEED_NOTIFY', 'maybe'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
    ['OTEL_TRACES_SAMPLER', 'some'],
    ['OTEL_TRACES_SAMPLER_ARG', '2'],
    ['OTEL_SDK_DISABLED', '1'],
  ])('refuse %s=%s by name', (name, value) => {
    expect(problemsOf({ [name]: value })).toEqual([expect.stringMatching(`^${name} `)]);
  });

  it.each([
    ['console.tim.qq.com', 'https://console.tim.qq.com'],
    ['http://127.0.0.1:4000', 'http://127.0.0.1:4000'],
  ])('take the REST API host %s as an origin', (host, origin) => {
    const settings = parseSettings({ IM_API_HOST: host, IM_SECRET_KEY: 'key' });
    expect(settings).toMatchObject({ imApiOrigin: origin, imAdminUserId: 'administrator' });
  });

  it.each([
    [{ IM_API_HOST: 'console.tim.qq.com' }, /^IM_SECRET_KEY is missing/],
    [{ IM_SECRET_KEY: 's3cr3t' }, /^IM_API_HOST is missing/],
  ])('want host and key of the REST API together', (env, problem) => {
    expect(problemsOf(env)).toEqual([expect.stringMatching(problem)]);
  });

  it('let no REST call leave in clear text in production', () => {
    const env = { ...PRODUCTION, IM_SECRET_KEY: 'key' };
    expect(problemsOf({ ...env, IM_API_HOST: 'http://vendor.example' })).toEqual([
      expect.stringMatching(/^IM_API_HOST must be https/),
    ]);
    expect(problemsOf({ ...env, IM_API_HOST: 'http://127.0.0.1:4000' })).toEqual([]);
  });

  it('want a replica of a primary, and not that itself', () => {
    const DATABASE_URL = 'postgresql://u:p@db/x';
    expect(problemsOf({ DATABASE_REPLICA_URL: 'postgresql://u:p@replica/x' })).toEqual([
      expect.stringMatching(/^DATABASE_URL is missing/),
    ]);
    for (const DATABASE_REPLICA_URL of [
      DATABASE_URL,
      'postgres://reader:s3cr3t@db:5432/x?sslmode=require',
      'postgres:///x?host=db',
    ]) {
      expect(problemsOf({ DATABASE_URL, DATABASE_REPLICA_URL })).toEqual([
        expect.stringMatching(/^DATABASE_REPLICA_URL must name another server/),
      ]);
    }
    expect(problemsOf({ DATABASE_URL, DATABASE_REPLICA_URL: 'postgres://u:p@db:5433/x' })).toEqual(
      [],
    );
  });

  it('refuse one port for both', () => {
    expect(problemsOf({ PORT: '4000', API_PORT: '4000' })).toEqual([
      expect.stringMatching(/^API_PORT must differ from PORT/),
    ]);
  });

  it('never repeat a secret', () => {
    const problems = problemsOf({ API_KEYS: 'my:s3cr3t', DATABASE_URL: 'http://user:s3cr3t@host' });
    expect(problems).toHaveLength(2);
    expect(problems.join()).not.toMatch(/s3cr3t/);
  });

  it('are frozen', () => {
    expect(Object.isFrozen(parseSettings({}))).toBe(true);
  });
});

// SETTINGS_UPDATE=1 writes it.
describe('the documentation of the settings', () => {
  it.each([
    ['docs/settings.md', /(?<=settings -->\n)[^]*(?=<!-- end -->)/, settingsTables],
    ['.env.example', /(?<=\n\n)[^]*(?=\n# For docker-compose\.yml)/, exampleSettings],
  ])('is in %s, in the words of the code', (file, part, write) => {
    const contents = () => readFileSync(file, 'utf8');
    if (process.env.SETTINGS_UPDATE) writeFileSync(file, contents().replace(part, write));
    expect(contents().match(part)?.[0]).toBe(write());
  });
});

function exampleSettings(): string {
  return DEFINITIONS.map(([name, { group, example, fallback }], index) => {
    const heading = group?.replaceAll(/^/gm, '# ') ?? '';
    const gap = index > 0 && group ? '\n' : '';
    return `${gap}${heading}${group ? '\n' : ''}# ${name}=${example ?? fallback ?? ''}\n`;
  }).join('');
}

/** A section for each group. */
function settingsTables(): string {
  const sections: { title: string; rows: string[][] }[] = [];
  for (const [name, { group, fallback, meaning, secret }] of DEFINITIONS) {
    if (group !== undefined) sections.push({ title: group.split(/[:;]/, 1)[0] ?? '', rows: [] });
    const initial = fallback ? `\`${fallback}\`` : '';
    sections.at(-1)?.rows.push([`\`${name}\`${secret ? ', `…_FILE`' : ''}`, initial, meaning]);
  }
  return sections.map(({ title, rows }) => `\n## ${title}\n\n${tableOf(rows)}`).join('') + '\n';
}

/** As Prettier aligns it. */
function tableOf(rows: readonly string[][]): string {
  const header = ['Name', 'Default', 'Meaning'];
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  const rule = widths.map((width) => '-'.repeat(width));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |\n`;
  return [header, rule, ...rows].map(line).join('');
}
