import { Injectable, type PipeTransform } from '@nestjs/common';

type Query = Readonly<Record<string, unknown>>;

const PREFIX = 'custom.';

/** Collects the parameters `custom.<Key>=<Value>` of a query string into one property, `custom.`. */
@Injectable()
export class CustomFiltersPipe implements PipeTransform<Query, Query> {
  transform(query: Query): Query {
    const pairs = Object.entries(query);
    const custom = pairs.filter(([name]) => name.startsWith(PREFIX));
    if (custom.length === 0) return query;
    const others = pairs.filter(([name]) => !name.startsWith(PREFIX));
    return { ...Object.fromEntries(others), [PREFIX]: custom };
  }
}
