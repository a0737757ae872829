import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { validate as lintDockerfile } from 'dockerfile-utils';
import { StatefulSet } from 'kubernetes-models/apps/v1';
import { Job } from 'kubernetes-models/batch/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { Secret, Service } from 'kubernetes-models/v1';
import { parse, parseAllDocuments } from 'yaml';
import { SCHEMA } from '../src/config/schema.js';
import { run } from './support/process.js';

const MANIFESTS = 'deploy/kubernetes';
const KINDS: Record<Kind, { prototype: { validate(): void } }> = {
  Job,
  PodDisruptionBudget,
  Secret,
  Service,
  StatefulSet,
};
const dockerfile = readFileSync('Dockerfile', 'utf8');

describe('the Dockerfile', () => {
  it('passes its linter', () => {
    expect(lintDockerfile(dockerfile).map(({ message }) => message)).toEqual([]);
  });

  it('copies only what .dockerignore lets through', () => {
    const allowed = readFileSync('.dockerignore', 'utf8').match(/(?<=^!).+/gm) ?? [];
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
      ([, files = '']) => files.split(' '),
    );
    expect(copied.toSorted()).toEqual(allowed.toSorted());
  });

  it('ends each of its images as an ordinary user', () => {
    const images = dockerfile.split(/^FROM /m).filter((stage) => stage.includes('\nCMD '));
    expect(images).toHaveLength(2);
    for (const image of images) expect(image).toMatch(/\nUSER node\n/);
  });
});

describe('the packages that are installed in production', () => {
  it('have licences that are allowed', async () => {
    const { code, output } = await run(process.execPath, ['deploy/licences.mjs']);
    expect(output).not.toContain('NOT ALLOWED');
    expect(code).toBe(0);
  });

  it('run no install script but those allowed or forbidden by name', () => {
    const { packages } = readJson<Lockfile>('package-lock.json');
    const { allowScripts } = readJson<{ allowScripts: Record<string, boolean> }>('package.json');
    const names = Object.entries(packages)
      .filter(([, { hasInstallScript }]) => hasInstallScript)
      .map(([path]) => path.replace(/^.*node_modules\//, ''));
    expect(names.filter((name) => !(name in allowScripts))).toEqual([]);
  });
});

describe('docker-compose.yml', () => {
  const compose: Compose = parse(readFileSync('docker-compose.yml', 'utf8'), { uniqueKeys: true });

  it('builds images that the Dockerfile has', () => {
    const targets = Object.values(compose.services).flatMap(({ build }) => build?.target ?? []);
    expect(targets).toEqual(['migrate', 'mirror']);
    for (const target of targets) expect(dockerfile).toMatch(new RegExp(` AS ${target}\n`));
  });

  it('sets nothing but settings', () => {
    const { migrate, mirror } = compose.services;
    const names = [migrate, mirror].flatMap((service) => Object.keys(service?.environment ?? {}));
    expect(names.filter((name) => !(name in SCHEMA))).toEqual([]);
  });

  it('uses volumes that it declares', () => {
    const used = Object.values(compose.services)
      .flatMap(({ volumes = [] }) => volumes)
      .map((volume) => volume.split(':')[0]);
    expect(used.toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
  });
});

describe('the Kubernetes manifests', () => {
  const manifests = readdirSync(MANIFESTS).flatMap((file) =>
    parseAllDocuments(readFileSync(join(MANIFESTS, file), 'utf8'), { uniqueKeys: true }).map(
      (document): Manifest => document.toJS(),
    ),
  );
  const containers = manifests.flatMap(({ spec }) => spec?.template?.spec.containers ?? []);

  it.each(manifests)(
    'have in $kind $metadata.name what its schema says, and no word that is not in it',
    (manifest) => {
      const unread = new Set<string>();
      // A model would copy what it is made of, and so read all of it.
      Reflect.apply(KINDS[manifest.kind].prototype.validate, watch(manifest, unread), []);
      expect([...unread]).toEqual([]);
    },
  );

  it('set nothing but settings', () => {
    const secret = manifests.find(({ kind }) => kind === 'Secret');
    const names = [
      ...Object.keys(secret?.stringData ?? {}),
      ...containers.flatMap(({ env }) => env.map(({ name }) => name)),
    ];
    expect(names.filter((name) => !(name in SCHEMA))).toEqual([]);
  });

  it('ask only probes and ports that are there', () => {
    const [mirror] = containers.filter(({ name }) => name === 'mirror');
    const ports = mirror?.ports?.map(({ name }) => name);
    expect(ports).toEqual(['callbacks', 'api']);
    for (const probe of [mirror?.startupProbe, mirror?.livenessProbe, mirror?.readinessProbe]) {
      expect(probe?.httpGet).toEqual({
        path: expect.stringMatching(/^\/(livez|readyz)$/),
        port: 'api',
      });
    }
    const targets = manifests.flatMap(({ spec }) => spec?.ports ?? []);
    expect(targets.map(({ targetPort }) => targetPort)).toEqual(ports);
  });
});

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly hasInstallScript?: boolean }>>;
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8'));
}

interface Compose {
  readonly services: Readonly<
    Record<
      string,
      { build?: { target: string }; environment?: Record<string, string>; volumes?: string[] }
    >
  >;
  readonly volumes: Readonly<Record<string, unknown>>;
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

interface Container {
  readonly name: string;
  readonly env: readonly { readonly name: string }[];
  readonly ports?: readonly { readonly name: string }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
}

type Kind = 'Job' | 'PodDisruptionBudget' | 'Secret' | 'Service' | 'StatefulSet';

interface Manifest {
  readonly kind: Kind;
  readonly metadata: { readonly name: string };
  readonly stringData?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly template?: { readonly spec: { readonly containers: readonly Container[] } };
    readonly ports?: readonly { readonly targetPort: string }[];
  };
}

/**
 * The same value, which strikes from `unread` the path of every property that is read. The
 * validators leave words they do not know unread, and accept them.
 */
function watch<T>(value: T, unread: Set<string>, path = ''): T {
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.entries(value).map(([key, child]) => {
    unread.add(`${path}/${key}`);
    return [key, watch(child, unread, `${path}/${key}`)];
  });
  const target = Array.isArray(value) ? copy.map(([, child]) => child) : Object.fromEntries(copy);
  return new Proxy(target, {
    get: (object, key) => {
      unread.delete(`${path}/${String(key)}`);
      return Reflect.get(object, key);
    },
  });
}
