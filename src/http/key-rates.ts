import { Injectable, Logger } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Settings } from '../config/settings.js';
import { Problem } from './problem.js';

const WINDOW_MS = 60_000;

/** Request rate of each API key in this process; each further process allows as many again. */
@Injectable()
export class KeyRates {
  private readonly logger = new Logger('Http');
  private readonly silentUntil = new Map<string, number>();
  private count: ReturnType<FastifyInstance['createRateLimit']> | undefined;

  constructor(private readonly settings: Settings) {}

  /** @throws Problem 429 when the key exceeds its rate. */
  async admit(request: FastifyRequest, key: string): Promise<void> {
    const max = this.settings.apiRateLimit;
    if (max === 0) return;
    this.count ??= request.server.createRateLimit({
      max,
      timeWindow: WINDOW_MS,
      keyGenerator: ({ apiKey }) => apiKey ?? '',
    });
    const rate = await this.count(request);
    if (rate.isAllowed || !rate.isExceeded) return;
    this.warn(key, rate.ttl);
    throw new Problem(
      429,
      'RATE_LIMITED',
      `A key may ask ${max} times a minute; wait as long as Retry-After says.`,
      { retryAfterSeconds: rate.ttlInSeconds },
    );
  }

  /** Once in a window: a flood of requests must not flood the log. */
  private warn(key: string, windowMs: number): void {
    const now = performance.now();
    if (now < (this.silentUntil.get(key) ?? 0)) return;
    this.silentUntil.set(key, now + windowMs);
    this.logger.warn({ msg: 'a key exceeds its rate', key });
  }
}
