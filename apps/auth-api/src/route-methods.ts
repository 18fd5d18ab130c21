import type { FastifyInstance } from 'fastify';

interface Route {
  readonly segments: readonly string[];
  readonly method: string;
}

/** Knows which methods a path has, to tell a wrong method from a wrong path (RFC 9110 §15.5.6). */
export class RouteMethods {
  private readonly routes: Route[] = [];

  watch(server: FastifyInstance): void {
    server.addHook('onRoute', ({ url, method }) => {
      for (const each of Array.isArray(method) ? method : [method])
        if (!url.includes('*')) this.routes.push({ segments: url.split('/'), method: each });
    });
  }

  of(url: string): readonly string[] {
    const [path = ''] = url.split('?');
    const asked = path.split('/');
    const matching = this.routes.filter(
      ({ segments }) =>
        segments.length === asked.length &&
        segments.every((segment, index) => segment.startsWith(':') || segment === asked[index]),
    );
    return [...new Set(matching.map(({ method }) => method))];
  }
}
