import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callbackFailure, hasCallbackQuery, isCallbackPath } from './callback-answer.js';
import { Problem, problemDocument, toProblem } from './problem.js';

/** Turns whatever was thrown into an answer of the contract: the vendor's three keys, or a problem. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');
  private isAstrayTold = false;

  /**
   * @param translate gives the errors of the layers below a meaning for the caller
   * @param methodsOf the methods that the path of a request has on its port
   */
  constructor(
    private readonly translate: (error: unknown) => unknown,
    private readonly methodsOf: (request: FastifyRequest) => readonly string[],
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const methods = request.is404 ? this.methodsOf(request) : [];
    const allowed = methods.includes(request.method) ? [] : methods;
    const problem =
      allowed.length > 0 ? wrongMethod(request, allowed) : toProblem(this.translate(error));
    const status = problem.getStatus();
    if (status === 500) {
      const { id, apiKey } = request;
      this.logger.error({ msg: 'request failed', requestId: id, key: apiKey, err: problem.cause });
    }
    void reply.header('x-request-id', request.id);
    if (problem.retryAfterSeconds !== undefined) {
      void reply.header('retry-after', problem.retryAfterSeconds);
    }
    if (status === 405) void reply.header('allow', allowed.join(', '));
    if (status === 401) void reply.header('www-authenticate', 'Bearer');
    if (isCallbackPath(request)) {
      void reply.status(status).type(JSON_TYPE).send(callbackFailure(status, problem.detail));
    } else {
      this.tellAstray(request);
      const document = JSON.stringify(problemDocument(problem, request.id));
      void reply.status(status).type('application/problem+json').send(document);
    }
  }

  /** A console that points elsewhere sends everything there: told once. */
  private tellAstray(request: FastifyRequest): void {
    if (this.isAstrayTold || !hasCallbackQuery(request)) return;
    this.isAstrayTold = true;
    const path = request.url.split('?', 1)[0]?.slice(0, MAX_PATH_LENGTH);
    this.logger.warn({
      msg: 'a callback came to a URL that is none: set POST /webhooks/im of this host in the console',
      method: request.method,
      path,
    });
  }
}

const MAX_PATH_LENGTH = 200;
const JSON_TYPE = 'application/json; charset=utf-8';

function wrongMethod({ method }: FastifyRequest, allowed: readonly string[]): Problem {
  return new Problem(
    405,
    'METHOD_NOT_ALLOWED',
    `${method} is not allowed here; allowed: ${allowed.join(', ')}.`,
  );
}
