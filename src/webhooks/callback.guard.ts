import { type CanActivate, type ExecutionContext, Injectable, Logger } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Settings } from '../config/settings.js';
import { Problem } from '../http/problem.js';
import { Metrics } from '../metrics/metrics.js';
import { refusalOf } from './signature.js';

export interface CallbackRoute {
  Querystring: Readonly<Record<string, unknown>>;
}

/** Lets a callback through that the vendor signed for this app. */
@Injectable()
export class CallbackGuard implements CanActivate {
  private readonly logger = new Logger('Webhooks');

  constructor(
    private readonly settings: Settings,
    private readonly metrics: Metrics,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const { query, ip } = context.switchToHttp().getRequest<FastifyRequest<CallbackRoute>>();
    const refusal = refusalOf(
      { sdkAppId: query.SdkAppid, sign: query.Sign, requestTime: query.RequestTime },
      {
        sdkAppId: this.settings.imSdkAppId,
        tokens: this.settings.imCallbackAuth === 'off' ? null : this.settings.imCallbackTokens,
        windowSeconds: this.settings.imCallbackWindowSeconds,
      },
      new Date(),
    );
    if (refusal === null) return true;
    this.metrics.callbacksRejected.inc({ reason: refusal });
    this.logger.warn({ msg: 'callback refused', reason: refusal, from: ip });
    throw new Problem(
      403,
      'CALLBACK_REFUSED',
      'callback refused: compare SdkAppid, callback token and clock with the console; the log of the receiver names the cause',
    );
  }
}
