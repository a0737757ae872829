import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { Problem } from '../../http/problem.js';
import { idProblem } from '../domain/id.js';

/** Validates an id in a path, which the router has decoded. */
@Injectable()
export class IdPipe implements PipeTransform<string, string> {
  transform(id: string, { data }: ArgumentMetadata): string {
    const problem = idProblem(id);
    if (problem === null) return id;
    throw new Problem(400, 'INVALID_ID', `The ${data} in the path ${problem}.`);
  }
}
