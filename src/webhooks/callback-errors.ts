import { Logger } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { ErrorForm } from '../http/error.filter.js';
import { callbackFailure, hasCallbackQuery, isReceiver } from './callback-answer.js';

const MAX_PATH_LENGTH = 200;

/** Errors in the vendor's form; also warns, once, of callbacks to a URL that is not the receiver's. */
export function callbackErrors(): ErrorForm {
  const logger = new Logger('Http');
  let isWarned = false;

  const warn = ({ method }: FastifyRequest, path: string): void => {
    isWarned = true;
    logger.warn({
      msg: 'a callback came to a URL that is none: set POST /webhooks/im of this host in the console',
      method,
      path: path.slice(0, MAX_PATH_LENGTH),
    });
  };
  return (request, status, detail) => {
    const path = request.url.split('?', 1)[0] ?? '';
    if (isReceiver(request.method, path)) return callbackFailure(status, detail);
    if (!isWarned && hasCallbackQuery(request)) warn(request, path);
    return null;
  };
}
