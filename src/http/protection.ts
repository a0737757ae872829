// What every answer is guarded by, beside the key of the query API.
import rateLimit from '@fastify/rate-limit';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { Settings } from '../config/settings.js';
import { MAX_CURSOR_LENGTH } from './parameters.js';
import { Problem } from './problem.js';
import { RateWindows } from './rate-windows.js';

// Room for the longest cursor; the server itself takes 16 KiB of headers with it.
const MAX_URL_LENGTH = MAX_CURSOR_LENGTH + 1024;

/** Headers for browsers, CORS where it is set, a bound for addresses, and the rate of each key. */
export async function protect(app: NestFastifyApplication, settings: Settings): Promise<void> {
  app.useSecurityHeaders({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: "'none'", frameAncestors: "'none'" },
    },
    xFrameOptions: { action: 'deny' },
    // The proxy that ends TLS knows whether every name below is reached by it.
    strictTransportSecurity: false,
    // For browsers that are no more, or for documents.
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
    ...(settings.corsOrigins.length > 0 && {
      crossOriginResourcePolicy: { policy: 'cross-origin' },
    }),
  });
  if (settings.corsOrigins.length > 0) {
    app.enableCors({
      origin: [...settings.corsOrigins],
      methods: ['GET'],
      allowedHeaders: ['authorization', 'if-none-match', 'last-event-id'],
      exposedHeaders: ['etag', 'retry-after', 'x-request-id'],
      maxAge: 600,
    });
  }
  boundAddresses(app.getHttpAdapter().getInstance());
  await app.register(rateLimit, { global: false, store: RateWindows });
}

function boundAddresses(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (request.url.length <= MAX_URL_LENGTH) done();
    else {
      done(new Problem(414, 'URI_TOO_LONG', `The address is longer than ${MAX_URL_LENGTH} bytes.`));
    }
  });
}
