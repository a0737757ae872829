// Whatever stands in the environment: production is never open without a word that says so.
import { createHash } from 'node:crypto';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SCHEMA } from '../src/config/schema.js';
import { openDoors, parseSettings, type Settings, SettingsError } from '../src/config/settings.js';
import { ApiKeyGuard } from '../src/http/api-key.guard.js';
import { KeyRates } from '../src/http/key-rates.js';
import { refusalOf } from '../src/webhooks/signature.js';
import { signed } from './support/callbacks.js';

const HASH = createHash('sha256').update('a key').digest('hex');
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

it('a token that can be guessed from one signature is named among what is open', () => {
  const doors = openDoors(
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
    fc.asyncProperty(environment, async (env) => {
      const settings = attempt({ ...PRODUCTION, ...env });
      if (settings === null) return;
      started += 1;
      expect(env.IM_CALLBACK_AUTH?.trim() === 'off').toBe(settings.imCallbackAuth === 'off');
      expect(env.API_AUTH?.trim() === 'off').toBe(settings.apiAuth === 'off');
      const doors = openDoors(settings).join();
      expect(/accepted unsigned/.test(doors)).toBe(settings.imCallbackAuth === 'off');
      expect(/without a key/.test(doors)).toBe(settings.apiAuth === 'off');
      expect(isUnsignedTaken(settings)).toBe(settings.imCallbackAuth === 'off');
      expect(await isKeylessTaken(settings)).toBe(settings.apiAuth === 'off');
      for (const token of settings.imCallbackTokens)
        expect(token).toMatch(/^(?!["'])[^\s\p{C}]+$/u);
    }),
    { numRuns: 3_000 },
  );
  expect(started).toBeGreaterThan(100);
});

it('without a token nothing is authentic, whatever it is signed with', () => {
  const query = { sdkAppId: '1400000000', ...lower(signed('')) };
  const expected = { sdkAppId: '1400000000', tokens: [], windowSeconds: 60 };
  expect(refusalOf(query, expected, new Date())).toBe('wrong Sign');
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
});

function isUnsignedTaken({ imSdkAppId, imCallbackAuth, imCallbackTokens }: Settings): boolean {
  const unsigned = { sdkAppId: imSdkAppId, sign: undefined, requestTime: undefined };
  const tokens = imCallbackAuth === 'off' ? null : imCallbackTokens;
  const expected = { sdkAppId: imSdkAppId, tokens, windowSeconds: 60 };
  return [unsigned, { ...unsigned, ...lower(signed('')) }].some(
    (query) => refusalOf(query, expected, new Date()) === null,
  );
}

async function isKeylessTaken(settings: Settings): Promise<boolean> {
  const guard = new ApiKeyGuard(settings, new KeyRates(settings));
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

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    parseSettings(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}
