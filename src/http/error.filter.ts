import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem, problemDocument, toProblem } from './problem.js';

/** The JSON of an error for requests that get no problem document; `null` for all others. */
export type ErrorForm = (request: FastifyRequest, status: number, detail: string) => string | null;

/** Turns any error into a response: a problem document, or the form of the request's receiver. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  /**
   * @param translate gives the errors of the layers below a meaning for the caller
   * @param methodsOf the methods that the path of a request has on its port
   * @param otherForm used in place of a problem document where it gives a body
   */
  constructor(
    private readonly translate: (error: unknown) => unknown,
    private readonly methodsOf: (request: FastifyRequest) => readonly string[],
    private readonly otherForm: ErrorForm,
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
    const body = this.otherForm(request, status, problem.detail);
    if (body !== null) void reply.status(status).type(JSON_TYPE).send(body);
    else {
      const document = JSON.stringify(problemDocument(problem, request.id));
      void reply.status(status).type('application/problem+json').send(document);
    }
  }
}

const JSON_TYPE = 'application/json; charset=utf-8';

function wrongMethod({ method }: FastifyRequest, allowed: readonly string[]): Problem {
  return new Problem(
    405,
    'METHOD_NOT_ALLOWED',
    `${method} is not allowed here; allowed: ${allowed.join(', ')}.`,
  );
}
