import { createHash, timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Settings } from '../config/settings.js';
import { KeyRates } from './key-rates.js';
import { Problem } from './problem.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The name of the API key that let the request through. */
    apiKey?: string;
  }
}

/** Lets a request of the query API through that carries one of the API keys, as often as a key may ask. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    private readonly settings: Settings,
    private readonly rates: KeyRates,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.settings.apiAuth === 'off') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const secret = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    const name = secret === undefined ? null : this.nameOf(secret);
    if (name === null) {
      throw new Problem(
        401,
        'UNAUTHORIZED',
        'Send one of the API keys as "Authorization: Bearer <key>".',
      );
    }
    request.apiKey = name;
    await this.rates.admit(request, name);
    return true;
  }

  /** Compares with every key, so that the time tells nothing about which one was near. */
  private nameOf(secret: string): string | null {
    const digest = createHash('sha256').update(secret).digest();
    let name: string | null = null;
    for (const key of this.settings.apiKeys) {
      if (timingSafeEqual(key.sha256, digest)) name = key.name;
    }
    return name;
  }
}
