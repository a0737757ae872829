// Whatever stands in the environment: production is never open without a word that says so.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Reflector } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SCHEMA, SECRETS } from '../../src/config/schema.js';
import {
  securityWarnings,
  parseSettings,
  type Settings,
  SettingsError,
} from '../../src/config/settings.js';
import { ApiKeyGuard } from '../../src/http/api-key.guard.js';
import { KeyRates } from '../../src/http/key-rates.js';
import { refusalOf } from '../../src/webhooks/signature.js';
import { signed } from '../support/callbacks.js';
import { problemsOf } from '../support/settings-problems.js';

const HASH = createHash('sha256').update('a key').digest('hex');
const OTHER_HASH = createHash('sha256').update('another key').digest('hex');
const EMPTY_HASH = createHash('sha256').digest('hex');
const PRODUCTION = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgresql://u:p@db/x',
  IM_SDK_APP_ID: '1400000001',
};
const LISTS = ['IM_CALLBACK_TOKENS', 'API_KEYS', 'CORS_ORIGINS', 'TRUSTED_PROXIES'] as const;
const MEMBERS = {
  IM_CALLBACK_TOKENS: 'a-token-of-the-console',
  API_KEYS: `tools:${HASH}`,
  CORS_ORIGINS: 'https://tools.example.com',
  TRUSTED_PROXIES: '10.0.0.0/8',
} satisfies Record<(typeof LISTS)[number], string>;
const NOTHINGS = [
  '',
  ' ',
  '\t',
  '\u00a0',
  '\u200b',
  '\ufeff',
  '\u2060',
  '\u00ad',
  '\u3164',
  '""',
  "''",
];

const DIRECTORY = mkdtempSync(join(tmpdir(), 'topic-mirror-secrets-'));
let secretFiles = 0;
afterAll(() => rmSync(DIRECTORY, { recursive: true }));

describe.each(LISTS)('the list %s', (name) => {
  it.each(NOTHINGS)('is refused where a member is %j', (nothing) => {
    const member = MEMBERS[name];
    for (const text of [`${member},${nothing}`, `${nothing},${member}`, `${nothing},${nothing}`]) {
      expect([text, problemsOf({ [name]: text })]).toEqual([
        text,
        [expect.stringMatching(`^${name} `)],
      ]);
    }
  });

  it.each(NOTHINGS.slice(1))('is refused where it is %j', (nothing) => {
    expect(problemsOf({ [name]: nothing })).toEqual([expect.stringMatching(`^${name} `)]);
  });

  it('is refused where quotes became part of it', () => {
    const member = MEMBERS[name];
    for (const text of [`"${member}"`, `'${member}'`, `"${member}","${member}"`, `“${member}”`]) {
      expect(problemsOf({ [name]: text })).toEqual([expect.stringMatching(`^${name} .*quot`)]);
    }
  });

  it('is taken as it is meant, also with blanks around its members', () => {
    expect(problemsOf({ [name]: ` ${MEMBERS[name]} ` })).toEqual([]);
  });
});

it('a variable set to the empty text is one that is not set, so production does not start', () => {
  const env = { ...PRODUCTION, IM_CALLBACK_TOKENS: '', API_KEYS: '', IM_CALLBACK_AUTH: '' };
  expect(problemsOf(env)).toEqual([
    expect.stringMatching(/^IM_CALLBACK_TOKENS is missing/),
    expect.stringMatching(/^API_KEYS is missing/),
  ]);
});

it.each(['prod', 'Production', '"production"', 'production\u200b', 'produktion'])(
  'NODE_ENV=%j is not taken for development, which would be open',
  (NODE_ENV) => {
    expect(problemsOf({ ...PRODUCTION, NODE_ENV })).toEqual([expect.stringMatching('^NODE_ENV ')]);
  },
);

it('what is asked for by name is not dropped for lack of a secret', () => {
  expect(problemsOf({ API_AUTH: 'key' })).toEqual([expect.stringMatching(/^API_KEYS is missing/)]);
  expect(problemsOf({ IM_CALLBACK_AUTH: 'token' })).toEqual([
    expect.stringMatching(/^IM_CALLBACK_TOKENS is missing/),
  ]);
});

it('the hash of no secret at all is no key', () => {
  expect(problemsOf({ API_KEYS: `tools:${EMPTY_HASH}` })).toEqual([
    expect.stringMatching(/^API_KEYS .*empty/),
  ]);
});

it.each([
  'callback',
  'Callbacks',
  ' callbacks',
  '',
  '*',
  'callbacks+',
  'callbacks,callbacks',
  'callbacks:callbacks',
  'callbacks\u200b',
])('a key with the unknown scope %j does not start', (scope) => {
  expect(problemsOf({ API_KEYS: `tools:${HASH}:${scope},other:${OTHER_HASH}` })).toEqual([
    expect.stringMatching(/^API_KEYS /),
  ]);
});

it('a key has the scopes that its entry names, and no other', () => {
  const { apiKeys } = parseSettings({
    API_KEYS: `tools:${HASH},auditor:${OTHER_HASH}:callbacks`,
  });
  expect(apiKeys.map(({ name, scopes }) => [name, scopes])).toEqual([
    ['tools', []],
    ['auditor', ['callbacks']],
  ]);
});

it('a token that can be guessed from one signature is named among what is open', () => {
  const doors = securityWarnings(
    parseSettings({ ...PRODUCTION, ...MEMBERS, IM_CALLBACK_TOKENS: 'short' }),
  );
  expect(doors).toEqual([expect.stringMatching(/IM_CALLBACK_TOKENS.*short/)]);
});

it('no text of any setting opens production, unless it is written that it shall', async () => {
  const bit = fc.oneof(
    fc.constantFrom(
      ...NOTHINGS,
      ',',
      ':',
      'off',
      'token',
      'key',
      'OFF',
      '"off"',
      'null',
      '[]',
      '$',
    ),
    fc.constantFrom('a-token-of-the-console', `tools:${HASH}`, `x:${EMPTY_HASH}`),
    fc.string({ unit: 'binary', maxLength: 3 }),
  );
  const texts = fc.array(bit, { maxLength: 5 }).map((bits) => bits.join(''));
  const usual = (...usually: string[]) =>
    fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...usually) }, texts);
  const environment = fc.record(
    {
      IM_CALLBACK_TOKENS: usual(MEMBERS.IM_CALLBACK_TOKENS, ',', ' , ', ''),
      IM_CALLBACK_AUTH: usual('token', 'off', ''),
      API_KEYS: usual(MEMBERS.API_KEYS, ',', ' , ', ''),
      API_AUTH: usual('key', 'off', ''),
    },
    { requiredKeys: [] },
  );
  let started = 0;
  await fc.assert(
    fc.asyncProperty(
      environment,
      fc.subarray(['IM_CALLBACK_TOKENS', 'API_KEYS']),
      async (env, inFiles) => {
        const settings = attempt({ ...PRODUCTION, ...moved(env, inFiles) });
        if (settings === null) return;
        started += 1;
        expect(env.IM_CALLBACK_AUTH?.trim() === 'off').toBe(settings.imCallbackAuth === 'off');
        expect(env.API_AUTH?.trim() === 'off').toBe(settings.apiAuth === 'off');
        const doors = securityWarnings(settings).join();
        expect(/accepted unsigned/.test(doors)).toBe(settings.imCallbackAuth === 'off');
        expect(/without a key/.test(doors)).toBe(settings.apiAuth === 'off');
        expect(isUnsignedTaken(settings)).toBe(settings.imCallbackAuth === 'off');
        expect(await isKeylessTaken(settings)).toBe(settings.apiAuth === 'off');
        for (const token of settings.imCallbackTokens)
          expect(token).toMatch(/^(?!["'])[^\s\p{C}]+$/u);
      },
    ),
    { numRuns: 3_000 },
  );
  expect(started).toBeGreaterThan(100);
});

it('without a token nothing is authentic, whatever it is signed with', () => {
  const query = { sdkAppId: '1400000000', ...lower(signed('')) };
  const expected = { sdkAppId: '1400000000', tokens: [], windowSeconds: 60 };
  expect(refusalOf(query, expected, new Date())).toBe('wrong Sign');
});

describe('a secret in a file', () => {
  const VALUES: Readonly<Record<string, string>> = {
    ...MEMBERS,
    DATABASE_URL: 'postgresql://u:p@db/x',
    DATABASE_REPLICA_URL: 'postgresql://u:p@replica/x',
    IM_SECRET_KEY: 'the-key',
    RELAY_URL: 'https://user:p@backend.example.com/?key=x',
  };

  it.each(SECRETS)('is the same as %s in the environment', (name) => {
    const value = VALUES[name] ?? '';
    const env = { ...PRODUCTION, ...MEMBERS, IM_API_HOST: 'console.tim.qq.com', ...VALUES };
    for (const text of [value, `${value}\n`, `${value}\r\n`]) {
      const inFile = { ...env, [name]: '', [`${name}_FILE`]: secretFile(text) };
      expect(parseSettings(inFile)).toEqual(parseSettings(env));
    }
  });

  it('is found through links, as Kubernetes lays them, and may have 64 KiB', () => {
    const path = join(DIRECTORY, 'linked');
    symlinkSync('..data', path);
    symlinkSync(secretFile('k'.repeat(64 * 1024)), join(DIRECTORY, '..data'));
    const env = { IM_API_HOST: 'console.tim.qq.com', IM_SECRET_KEY_FILE: path };
    expect(parseSettings(env).imSecretKey).toHaveLength(64 * 1024);
  });

  it.each(SECRETS)('is refused where %s is set as well', (name) => {
    const env = { [name]: VALUES[name] ?? '', [`${name}_FILE`]: secretFile(VALUES[name] ?? '') };
    expect(problemsOf(env)).toContain(`${name}_FILE and ${name} are both set: remove one`);
  });

  it.each(SECRETS)('is refused by its path where the file of %s is of no use', (name) => {
    const env = { ...PRODUCTION, ...MEMBERS, IM_API_HOST: 'console.tim.qq.com', ...VALUES };
    for (const [path, reason] of [
      [join(DIRECTORY, 'none'), /does not exist$/],
      [DIRECTORY, /is a directory$/],
      // Unreadable even for root.
      ['/proc/self/mem', /cannot be read: \w+/],
      ['/dev/zero', /is no regular file$/],
      [pipe(), /is no regular file$/],
      [secretFile('s3cr3t'.repeat(11_000)), /is larger than 64 KiB$/],
      [secretFile(''), /is empty$/],
      [secretFile('\n'), /is empty$/],
      [secretFile(' \t\r\n'), /is empty$/],
      [secretFile('"s3cr3t"'), /must not be quoted|must be/],
      [secretFile('s3cr3t\ns3cr3t'), /holds|must be/],
    ] as const) {
      const problems = problemsOf({ ...env, [name]: '', [`${name}_FILE`]: path });
      expect(problems).toEqual([expect.stringMatching(reason)]);
      expect(problems[0]).toMatch(new RegExp(`^${name}_FILE `));
      expect(problems[0]).toContain(path);
      expect(problems[0]).not.toContain('s3cr3t');
    }
  });

  it('is refused without a word of it where it stands in place of its path', () => {
    expect(problemsOf({ IM_SECRET_KEY_FILE: 'the-key' })).toEqual([
      'IM_SECRET_KEY_FILE must be the absolute path of a file, such as /run/secrets/name',
    ]);
  });
});

describe('no message repeats what was set', () => {
  const CANARY = 'c4n4ry';
  const FORMS = [
    CANARY,
    `https://user:${CANARY}@host`,
    `postgresql://u:${CANARY}@h:x/d`,
    `a,${CANARY},`,
  ];

  it.each(Object.keys(SCHEMA))('%s', (name) => {
    for (const form of FORMS) {
      for (const problem of problemsOf({ ...PRODUCTION, [name]: form, PORT: 'x' })) {
        expect(problem).not.toContain(CANARY);
      }
    }
  });

  it.each(SECRETS)('from the file of %s', (name) => {
    for (const form of FORMS) {
      const env = { ...PRODUCTION, [name]: '', [`${name}_FILE`]: secretFile(form), PORT: 'x' };
      for (const problem of problemsOf(env)) expect(problem).not.toContain(CANARY);
    }
  });
});

/** The same settings, some of them in files. */
function moved(env: Partial<Record<string, string>>, inFiles: readonly string[]) {
  const files = inFiles.flatMap((name) => {
    const text = env[name];
    return text === undefined
      ? []
      : [[name, ''] as const, [`${name}_FILE`, secretFile(text)] as const];
  });
  return { ...env, ...Object.fromEntries(files) };
}

function secretFile(text: string): string {
  const path = join(DIRECTORY, `secret-${(secretFiles += 1)}`);
  writeFileSync(path, text);
  return path;
}

/** One that nobody writes to. */
function pipe(): string {
  const path = join(DIRECTORY, `pipe-${(secretFiles += 1)}`);
  execFileSync('mkfifo', [path]);
  return path;
}

function isUnsignedTaken({ imSdkAppId, imCallbackAuth, imCallbackTokens }: Settings): boolean {
  const unsigned = { sdkAppId: imSdkAppId, sign: undefined, requestTime: undefined };
  const tokens = imCallbackAuth === 'off' ? null : imCallbackTokens;
  const expected = { sdkAppId: imSdkAppId, tokens, windowSeconds: 60 };
  return [unsigned, { ...unsigned, ...lower(signed('')) }].some(
    (query) => refusalOf(query, expected, new Date()) === null,
  );
}

async function isKeylessTaken(settings: Settings): Promise<boolean> {
  const guard = new ApiKeyGuard(settings, new KeyRates(settings), new Reflector());
  const answers = [undefined, 'Bearer', 'Bearer ', 'Bearer x', 'Bearer undefined'].map(
    async (authorization) =>
      guard.canActivate(new ExecutionContextHost([{ headers: { authorization } }])),
  );
  const settled = await Promise.allSettled(answers);
  return settled.some(({ status }) => status === 'fulfilled');
}

function lower({ Sign, RequestTime }: ReturnType<typeof signed>) {
  return { sign: Sign, requestTime: RequestTime };
}

function attempt(env: Record<string, string>): Settings | null {
  try {
    return parseSettings(env);
  } catch (error) {
    if (error instanceof SettingsError) return null;
    throw error;
  }
}
