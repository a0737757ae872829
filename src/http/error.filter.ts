import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callbackFailure, isCallbackPath } from './callback-answer.js';
import { problemDocument, toProblem } from './problem.js';

/** Turns whatever was thrown into an answer of the contract: the vendor's three keys, or a problem. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  /** `translate` gives the errors of the layers below a meaning for the caller. */
  constructor(private readonly translate: (error: unknown) => unknown) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const problem = toProblem(this.translate(error));
    const status = problem.getStatus();
    if (status === 500) {
      const { id, apiKey } = request;
      this.logger.error({ msg: 'request failed', requestId: id, key: apiKey, err: problem.cause });
    }
    void reply.header('x-request-id', request.id);
    if (problem.retryAfterSeconds !== undefined) {
      void reply.header('retry-after', problem.retryAfterSeconds);
    }
    if (status === 401) void reply.header('www-authenticate', 'Bearer');
    if (isCallbackPath(request)) {
      void reply.status(status).type(JSON_TYPE).send(callbackFailure(status, problem.detail));
    } else {
      const document = JSON.stringify(problemDocument(problem, request.id));
      void reply.status(status).type('application/problem+json').send(document);
    }
  }
}

const JSON_TYPE = 'application/json; charset=utf-8';
