import { createHash, timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { Settings } from '../config/settings.js';
import type { ApiKey, Scope } from '../config/values.js';
import { KeyRates } from './key-rates.js';
import { Problem } from './problem.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The name of the API key that let the request through. */
    apiKey?: string;
  }
}

/** On a controller or method: the scope that a key needs for it. */
export const RequiredScope = Reflector.createDecorator<Scope>();

/** Lets a request of the query API through that carries one of the API keys, as often as a key may ask. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    private readonly settings: Settings,
    private readonly rates: KeyRates,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.settings.apiAuth === 'off') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const secret = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    const key = secret === undefined ? null : this.keyOf(secret);
    if (key === null) {
      throw new Problem(
        401,
        'UNAUTHORIZED',
        'Send one of the API keys as "Authorization: Bearer <key>".',
      );
    }
    request.apiKey = key.name;
    await this.rates.admit(request, key.name);
    const scope = this.reflector.getAllAndOverride(RequiredScope, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (scope !== undefined && !key.scopes.includes(scope)) throw missingScope(key, scope);
    return true;
  }

  /** Compares with every key, so that the time does not reveal which one was near. */
  private keyOf(secret: string): ApiKey | null {
    const digest = createHash('sha256').update(secret).digest();
    let found: ApiKey | null = null;
    for (const key of this.settings.apiKeys) {
      if (timingSafeEqual(key.sha256, digest)) found = key;
    }
    return found;
  }
}

function missingScope({ name }: ApiKey, scope: Scope): Problem {
  return new Problem(
    403,
    'MISSING_SCOPE',
    `The key ${name} lacks the scope ${scope}: in API_KEYS append ":${scope}" to its entry.`,
    { members: { scope } },
  );
}
