import { Injectable, type PipeTransform } from '@nestjs/common';
import { Problem } from '../http/problem.js';
import { idProblem } from './id.js';

/** An id from a path, decoded by the router. */
@Injectable()
export class IdPipe implements PipeTransform<string, string> {
  transform(id: string): string {
    const problem = idProblem(id);
    if (problem !== null) throw new Problem(400, 'INVALID_ID', `The id in the path ${problem}.`);
    return id;
  }
}
