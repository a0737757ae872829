import type { FastifyInstance } from 'fastify';
import { type Metrics, STATUS_CLASSES } from '../metrics/metrics.js';
import type { ReceiverMatch } from './api-port.js';

// Its answers wait for a change, or never end.
const FEED = '/changes';

/** Measures the time to each answer by route; callbacks, which have a deadline, apart. */
export function measureAnswers(
  fastify: FastifyInstance,
  metrics: Metrics,
  isReceiver: ReceiverMatch,
): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    const { url = 'none' } = request.routeOptions;
    const status = STATUS_CLASSES[Math.floor(reply.statusCode / 100) - 2] ?? '5xx';
    const seconds = reply.elapsedTime / 1000;
    if (isReceiver(request.method, url)) {
      metrics.callbackAnswer.observe(seconds, status);
    } else if (url !== FEED) metrics.httpRequest.observe({ route: url, status }, seconds);
    done();
  });
}
