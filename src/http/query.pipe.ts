import { type ArgumentMetadata, type Type, ValidationPipe } from '@nestjs/common';
import { getMetadataStorage, type ValidationError } from 'class-validator';
import { Problem } from './problem.js';

/**
 * Turns a query string into `query` (a class with class-validator rules); anything the class does
 * not name is refused with the list of what is allowed.
 */
export function queryPipe(query: Type): ValidationPipe {
  return new QueryPipe(query);
}

class QueryPipe extends ValidationPipe {
  private readonly allowed: readonly string[];

  constructor(query: Type) {
    super({ expectedType: query, transform: true, exceptionFactory: invalidParameter });
    const rules = getMetadataStorage().getTargetValidationMetadatas(query, '', false, false);
    this.allowed = [...new Set(rules.map((rule) => rule.propertyName))].toSorted();
  }

  override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const unknown = Object.keys(value ?? {}).filter((name) => !this.allowed.includes(name));
    if (unknown.length > 0) {
      const names = unknown.map((name) => JSON.stringify(name)).join(', ');
      throw new Problem(
        400,
        'INVALID_PARAMETER',
        `Unknown parameter ${names}; allowed: ${this.allowed.join(', ')}.`,
      );
    }
    return super.transform(value, metadata);
  }
}

function invalidParameter(errors: readonly ValidationError[]): Problem {
  const detail = errors
    .map(({ property, constraints = {} }) => {
      return `Parameter ${JSON.stringify(property)} ${Object.values(constraints).join(' and ')}.`;
    })
    .join(' ');
  return new Problem(400, 'INVALID_PARAMETER', detail);
}
