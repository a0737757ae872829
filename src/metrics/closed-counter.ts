import { Counter, type Registry } from 'prom-client';

export type LabelSets = Readonly<Record<string, readonly string[]>>;

/** One value of each label. */
type Labels<Of extends LabelSets> = { readonly [Name in keyof Of]: Of[Name][number] };

/**
 * A counter whose labels have no other values than those given. Every series is there from the start
 * at zero: one that began at 1 would hide its first event from `rate` and `increase`.
 */
export class ClosedCounter<const Of extends LabelSets> {
  private readonly counter: Counter;

  constructor(
    registry: Registry,
    { name, help, labels }: { readonly name: string; readonly help: string; readonly labels: Of },
  ) {
    const labelNames = Object.keys(labels);
    this.counter = new Counter({ name, help, labelNames, registers: [registry] });
    for (const each of combinationsOf(labels)) this.counter.inc(each, 0);
  }

  inc(labels: Labels<Of>, by = 1): void {
    this.counter.inc(labels, by);
  }
}

function combinationsOf(sets: LabelSets): Record<string, string>[] {
  let found: Record<string, string>[] = [{}];
  for (const [name, values] of Object.entries(sets)) {
    found = found.flatMap((each) => values.map((value) => ({ ...each, [name]: value })));
  }
  return found;
}
