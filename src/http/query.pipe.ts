import { type ArgumentMetadata, Injectable, ValidationPipe } from '@nestjs/common';
import { getMetadataStorage, type ValidationError, type ValidatorOptions } from 'class-validator';
import { Unparsable } from './parameters.js';
import { Problem } from './problem.js';

/** Nest's validation for query strings; 400 with all that is wrong at once. */
@Injectable()
export class QueryPipe extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      whitelist: true,
      forbidNonWhitelisted: true,
      validationError: { target: true },
      exceptionFactory: invalidQuery,
    });
  }

  override async transform(query: object, metadata: ArgumentMetadata): Promise<unknown> {
    const { metatype } = metadata;
    // Nest and class-transformer drop them silently.
    const dropped = Object.keys(query).filter((name) => name in Object.prototype);
    if (dropped.length > 0 && metatype) throw invalid([unknown(dropped, metatype)]);
    return super.transform(query, metadata);
  }

  protected override validate(
    query: object,
    options: ValidatorOptions,
  ): ValidationError[] | Promise<ValidationError[]> {
    // class-validator takes 10 µs to find that all is well.
    return isValid(query) ? [] : super.validate(query, options);
  }
}

function isValid(query: object): boolean {
  const names = parametersOf(query.constructor);
  return Object.entries(query).every(
    ([name, value]) => names.has(name) && !(value instanceof Unparsable),
  );
}

const parameters = new Map<Function, ReadonlySet<string>>();

function parametersOf(dto: Function): ReadonlySet<string> {
  const known = parameters.get(dto);
  if (known) return known;
  const metadata = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
  const names = new Set(metadata.map(({ propertyName }) => propertyName));
  parameters.set(dto, names);
  return names;
}

function invalidQuery(errors: readonly ValidationError[]): Problem {
  const names = errors
    .filter(({ constraints }) => constraints?.whitelistValidation !== undefined)
    .map(({ property }) => property);
  const problems = errors.flatMap(({ constraints }) => constraints?.isParsable ?? []);
  const dto = errors[0]?.target?.constructor;
  return invalid(names.length > 0 && dto ? [unknown(names, dto), ...problems] : problems);
}

function unknown(names: readonly string[], dto: Function): string {
  const quoted = names.map((name) => JSON.stringify(name));
  const allowed = [...parametersOf(dto)].map((name) => name.replace(/\.$/, '.<Key>'));
  return `Unknown parameter ${quoted.join(', ')}; allowed: ${allowed.toSorted().join(', ') || 'none'}.`;
}

function invalid(problems: readonly string[]): Problem {
  return new Problem(400, 'INVALID_PARAMETER', problems.join(' '));
}
