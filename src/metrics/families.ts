import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { ClosedCounter, type LabelSets } from './closed-counter.js';
import { FastHistogram, type FastHistogramOptions } from './fast-histogram.js';
import { Tally } from './tally.js';

/** A registry of metrics and the kinds of metric it creates. */
export abstract class Families {
  protected readonly registry = new Registry();
  private readonly fast: { expose(): string }[] = [];

  protected gauge<Label extends string>(
    name: string,
    help: string,
    ...labelNames: Label[]
  ): Gauge<Label> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  protected counter<Label extends string>(
    name: string,
    help: string,
    ...labelNames: Label[]
  ): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  /** A counter whose labels have no values but these. */
  protected closed<const Of extends LabelSets>(
    name: string,
    help: string,
    labels: Of,
  ): ClosedCounter<Of> {
    return new ClosedCounter(this.registry, { name, help, labels });
  }

  protected tally<Label extends string>(
    name: string,
    help: string,
    ...labelNames: Label[]
  ): Tally<Label> {
    return new Tally(this.registry, { name, help, labelNames });
  }

  protected histogram<Label extends string>(
    name: string,
    help: string,
    buckets: number[],
    ...labelNames: Label[]
  ): Histogram<Label> {
    return new Histogram({ name, help, buckets, labelNames, registers: [this.registry] });
  }

  protected fastHistogram<Value extends string = never>(
    name: string,
    help: string,
    buckets: readonly number[],
    label?: FastHistogramOptions<Value>['label'],
  ): FastHistogram<Value> {
    const histogram = new FastHistogram({ name, help, buckets, ...(label && { label }) });
    this.fast.push(histogram);
    return histogram;
  }

  /** In the text format of Prometheus. */
  async expose(): Promise<string> {
    return [await this.registry.metrics(), ...this.fast.map((each) => each.expose())].join('');
  }
}
