import type supertest from 'supertest';

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
}

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Scrape {
  readonly families: readonly Family[];
  readonly samples: readonly Sample[];
  /** The sum of the samples of a name that have these labels; 0 where there are none. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
}

/** What a scraper reads (text format 0.0.4), read apart from our own code. */
export async function scrape(http: supertest.Agent): Promise<Scrape> {
  const { text } = await http.get('/metrics').expect(200);
  const families = [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \1 (\S+)$/gm)].map(
    ([, name = '', help = '', type = '']) => ({ name, help, type }),
  );
  const samples = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(toSample);
  return {
    families,
    samples,
    sum: (name, labels = {}) =>
      samples
        .filter((sample) => sample.name === name && has(sample, labels))
        .reduce((total, { value }) => total + value, 0),
  };
}

function has({ labels }: Sample, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}

function toSample(line: string): Sample {
  const [, name, labels = '', value] = /^([a-z_][a-z0-9_]*)(?:\{(.*)\})? (\S+)$/i.exec(line) ?? [];
  if (name === undefined) throw new Error(`no sample: ${line}`);
  const pairs = [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"(?:,|$)/gi)];
  return {
    name,
    labels: Object.fromEntries(pairs.map(([, key = '', text = '']) => [key, text])),
    value: Number(value === '+Inf' ? 'Infinity' : value),
  };
}
