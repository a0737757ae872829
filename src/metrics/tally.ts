import { Counter, type Registry } from 'prom-client';

type Labels<Name extends string> = Readonly<Record<Name, string>>;

interface Series<Name extends string> {
  readonly labels: Labels<Name>;
  untold: number;
}

/**
 * A counter for what happens thousands of times a second. One of prom-client builds and checks a key
 * from the labels each time, 20 times as expensive; here it is told at a scrape.
 */
export class Tally<Name extends string> {
  private readonly series = new Map<string, Series<Name>>();

  constructor(
    registry: Registry,
    config: { readonly name: string; readonly help: string; readonly labelNames: readonly Name[] },
  ) {
    const { series } = this;
    const counter = new Counter<Name>({
      ...config,
      labelNames: [...config.labelNames],
      registers: [],
      collect() {
        for (const each of series.values()) {
          this.inc(each.labels, each.untold);
          each.untold = 0;
        }
      },
    });
    registry.registerMetric(counter);
  }

  /** @param key the values of the labels in one text, which no other values have. */
  inc(key: string, labels: Labels<Name>): void {
    const found = this.series.get(key);
    if (found) found.untold += 1;
    else this.series.set(key, { labels, untold: 1 });
  }
}
