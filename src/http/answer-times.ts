import type { FastifyInstance } from 'fastify';
import { type Metrics, STATUS_CLASSES } from '../metrics/metrics.js';
import { CALLBACK_PATHS } from './callback-answer.js';

const RECEIVER: ReadonlySet<string> = new Set(CALLBACK_PATHS);
// Its answers wait for something to tell, or never end.
const FEED = '/changes';

/** Measures how long each answer took, by route; of callbacks apart, since theirs have a deadline. */
export function measureAnswers(fastify: FastifyInstance, metrics: Metrics): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    const { url = 'none' } = request.routeOptions;
    const status = STATUS_CLASSES[Math.floor(reply.statusCode / 100) - 2] ?? '5xx';
    const seconds = reply.elapsedTime / 1000;
    if (RECEIVER.has(url) && request.method === 'POST') {
      metrics.callbackAnswer.observe(seconds, status);
    } else if (url !== FEED) metrics.httpRequest.observe({ route: url, status }, seconds);
    done();
  });
}
