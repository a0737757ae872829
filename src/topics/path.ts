import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { ValidateBy, validateSync } from 'class-validator';
import { Problem } from '../http/problem.js';
import { idProblem } from './id.js';

/** An id as the vendor and the database can hold it. */
function IsId(): PropertyDecorator {
  return ValidateBy({
    name: 'isId',
    validator: {
      validate: (value) => typeof value === 'string' && idProblem(value) === null,
      defaultMessage: (args) =>
        typeof args?.value === 'string' ? (idProblem(args.value) ?? '') : 'must be one text',
    },
  });
}

/** The path of a group; ids are decoded by the router. */
export class GroupPath {
  @IsId()
  readonly groupId: string = '';
}

/** The path of a topic. */
export class TopicPath extends GroupPath {
  @IsId()
  readonly topicId: string = '';
}

/** Reads the parameters of a path as the class that the controller asks for. */
@Injectable()
export class PathPipe implements PipeTransform<Record<string, string>, GroupPath> {
  transform(params: Record<string, string>, { metatype }: ArgumentMetadata): GroupPath {
    const path = plainToInstance(metatype === TopicPath ? TopicPath : GroupPath, params);
    const [error] = validateSync(path, { whitelist: true });
    if (!error) return path;
    const [problem] = Object.values(error.constraints ?? {});
    throw new Problem(400, 'INVALID_ID', `The ${error.property} in the path ${problem}.`);
  }
}
