import type { FastifyInstance } from 'fastify';
import findMyWay, { type HTTPMethod } from 'find-my-way';

/** Which methods the paths of the service have: what a router that found nothing does not say. */
export class AllowedMethods {
  private readonly methods = new Set<HTTPMethod>();
  private readonly router;

  /** @param maxParamLength as the router of the service has it */
  constructor(maxParamLength: number) {
    this.router = findMyWay({ maxParamLength });
  }

  /** Collects the routes; before the first of them. */
  attach(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ method, url }) => {
      // Routes have the names that the router has, in capitals.
      for (const one of [method].flat() as HTTPMethod[]) {
        this.methods.add(one);
        // A route may be registered again with another prefix or version.
        if (!this.router.hasRoute(one, url)) this.router.on(one, url, () => undefined);
      }
    });
  }

  /** The methods of a path, in the order of the alphabet; none where there is no such path. */
  of(path: string): readonly HTTPMethod[] {
    return [...this.methods].filter((method) => this.router.find(method, path)).toSorted();
  }
}
