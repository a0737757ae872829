import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { validate as lintDockerfile } from 'dockerfile-utils';
import { StatefulSet } from 'kubernetes-models/apps/v1';
import { Job } from 'kubernetes-models/batch/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Secret, Service } from 'kubernetes-models/v1';
import { parse, parseAllDocuments } from 'yaml';
import { SCHEMA, SECRETS } from '../../src/config/schema.js';
import { run } from '../support/process.js';

const MANIFESTS = 'deploy/kubernetes';
const KINDS: Record<Kind, { prototype: { validate(): void } }> = {
  ConfigMap,
  Job,
  PodDisruptionBudget,
  Secret,
  Service,
  StatefulSet,
};
const dockerfile = readFileSync('Dockerfile', 'utf8');
const VARIABLES = new Set([...Object.keys(SCHEMA), ...SECRETS.map((name) => `${name}_FILE`)]);

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

describe.each(['docker-compose.yml', 'deploy/compose.secrets.yml'])('%s', (file) => {
  const compose: Compose = parse(readFileSync(file, 'utf8'), { uniqueKeys: true });

  it('builds images that the Dockerfile has', () => {
    const targets = Object.values(compose.services).flatMap(({ build }) => build?.target ?? []);
    expect(targets).toEqual(['migrate', 'mirror']);
    for (const target of targets) expect(dockerfile).toMatch(new RegExp(` AS ${target}\n`));
  });

  it('sets nothing but settings', () => {
    const { migrate, mirror } = compose.services;
    const names = [migrate, mirror].flatMap((service) => Object.keys(service?.environment ?? {}));
    expect(names.filter((name) => !VARIABLES.has(name))).toEqual([]);
  });

  it('uses volumes and secrets that it declares', () => {
    const services = Object.values(compose.services);
    const used = services
      .flatMap(({ volumes = [] }) => volumes)
      .map((volume) => volume.split(':')[0]);
    expect(used.toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
    const secrets = new Set(services.flatMap((service) => service.secrets ?? []));
    expect([...secrets]).toEqual(Object.keys(compose.secrets ?? {}));
  });

  it('reads secrets from files that are mounted', () => {
    for (const { environment = {}, secrets = [] } of Object.values(compose.services)) {
      const files = Object.entries(environment).filter(([name]) => name.endsWith('_FILE'));
      expect(files.map(([, path]) => path)).toEqual(secrets.map((name) => `/run/secrets/${name}`));
    }
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

  const secret = manifests.find(({ kind }) => kind === 'Secret');

  it('read secrets from files that are mounted', () => {
    const files = containers
      .flatMap(({ env }) => env)
      .filter(({ name }) => name.endsWith('_FILE'))
      .map(({ name, value }) => [name, value]);
    const keys = Object.keys(secret?.stringData ?? {});
    expect(Object.fromEntries(files)).toEqual(
      Object.fromEntries(keys.map((key) => [`${key}_FILE`, `/run/secrets/topic-mirror/${key}`])),
    );
    for (const { volumeMounts } of containers) {
      expect(volumeMounts?.map(({ mountPath }) => mountPath)).toContain(
        '/run/secrets/topic-mirror',
      );
    }
  });

  it('set nothing but settings', () => {
    const config = manifests.find(({ kind }) => kind === 'ConfigMap');
    expect(Object.keys(secret?.stringData ?? {}).filter((name) => !SECRETS.includes(name))).toEqual(
      [],
    );
    const names = [
      ...Object.keys(config?.data ?? {}),
      ...containers.flatMap(({ env }) => env.map(({ name }) => name)),
    ];
    expect(names.filter((name) => !VARIABLES.has(name))).toEqual([]);
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
      {
        build?: { target: string };
        environment?: Record<string, string>;
        volumes?: string[];
        secrets?: string[];
      }
    >
  >;
  readonly secrets?: Readonly<Record<string, unknown>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

interface Container {
  readonly name: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly volumeMounts?: readonly { readonly mountPath: string }[];
  readonly ports?: readonly { readonly name: string }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
}

type Kind = 'ConfigMap' | 'Job' | 'PodDisruptionBudget' | 'Secret' | 'Service' | 'StatefulSet';

interface Manifest {
  readonly kind: Kind;
  readonly metadata: { readonly name: string };
  readonly stringData?: Readonly<Record<string, string>>;
  readonly data?: Readonly<Record<string, string>>;
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
