import { createHash, timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Settings } from '../config/settings.js';
import { Problem } from './problem.js';

/** Lets a request of the query API through that carries one of the API keys. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(private readonly settings: Settings) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.settings.apiAuth === 'off') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const secret = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    if (secret === undefined || !this.isKnown(secret)) {
      throw new Problem(
        401,
        'UNAUTHORIZED',
        'Send one of the API keys as "Authorization: Bearer <key>".',
      );
    }
    return true;
  }

  /** Compares with every key, so that the time tells nothing about which one was near. */
  private isKnown(secret: string): boolean {
    const digest = createHash('sha256').update(secret).digest();
    let known = false;
    for (const key of this.settings.apiKeys) {
      if (timingSafeEqual(key.sha256, digest)) known = true;
    }
    return known;
  }
}
