import { type CanActivate, type ExecutionContext, Injectable, Logger } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Settings } from '../config/settings.js';
import { isReceiver } from './callback-answer.js';
import { Database } from '../database/database.js';
import { RELAYED_BY } from '../relay/relayed.js';
import { clientAddress } from '../http/client-address.js';
import { Problem } from '../http/problem.js';
import { Rejections } from '../metrics/rejections.js';
import { type Refusal, refusalOf } from './signature.js';

export interface CallbackRoute {
  Querystring: Readonly<Record<string, unknown>>;
}

/** Lets a callback through that the vendor signed for this app. What proves that stands in the query. */
@Injectable()
export class CallbackGuard implements CanActivate {
  private readonly logger = new Logger('Webhooks');

  constructor(
    private readonly settings: Settings,
    private readonly rejections: Rejections,
    private readonly database: Database,
  ) {}

  /** Refuses callbacks before their bodies are read; after the hooks that every answer needs. */
  attach(fastify: FastifyInstance): void {
    fastify.decorateRequest('isAuthentic', false);
    fastify.addHook<CallbackRoute>('onRequest', (request, _reply, done) => {
      // By the matched route: a path may be written in several ways.
      if (!isReceiver(request.method, request.routeOptions.url)) return done();
      const refusal = this.refusalOf(request);
      request.isAuthentic = refusal === null;
      if (refusal === null) return done();
      const from = clientAddress(request);
      this.rejections.add(refusal, from, request.query);
      this.logger.warn({ msg: 'callback refused', reason: refusal, from });
      done(refused());
    });
  }

  canActivate(context: ExecutionContext): boolean {
    if (context.switchToHttp().getRequest<FastifyRequest>().isAuthentic) return true;
    throw refused();
  }

  private refusalOf({ query, headers }: FastifyRequest<CallbackRoute>): Refusal | null {
    const epoch = this.database.epochs.current;
    if (epoch !== null && headers[RELAYED_BY] === epoch) return 'relayed by this mirror';
    return refusalOf(
      { sdkAppId: query.SdkAppid, sign: query.Sign, requestTime: query.RequestTime },
      {
        sdkAppId: this.settings.imSdkAppId,
        tokens: this.settings.imCallbackAuth === 'off' ? null : this.settings.imCallbackTokens,
        windowSeconds: this.settings.imCallbackWindowSeconds,
      },
      new Date(),
    );
  }
}

function refused(): Problem {
  return new Problem(
    403,
    'CALLBACK_REFUSED',
    'callback refused: compare SdkAppid, callback token and clock with the console; the log of the receiver names the cause',
  );
}
