import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Controller, Get, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Problem } from '../http/problem.js';
import { openApiDocument } from './openapi.js';

const require = createRequire(import.meta.url);

// The page and its parts come from here alone, so it works without a network.
const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>topic-mirror</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css">
  </head>
  <body>
    <div id="page"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;
const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#page', deepLinking: true, validatorUrl: null });
`;
const PAGE_POLICY =
  "default-src 'none';script-src 'self';style-src 'self' 'unsafe-inline';img-src 'self' data:;connect-src 'self';frame-ancestors 'none'";
const TYPES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
};

/** The documentation of the query API, for programs and for people; open, as it tells no data. */
@Controller()
export class DocsController {
  private document: string | undefined;

  @Get('openapi.json')
  openApi(@Res() reply: FastifyReply): void {
    this.document ??= JSON.stringify(openApiDocument(version()));
    void reply.type('application/json; charset=utf-8').send(this.document);
  }

  @Get('docs')
  page(@Res() reply: FastifyReply): void {
    void reply
      .header('content-security-policy', PAGE_POLICY)
      .type('text/html; charset=utf-8')
      .send(PAGE);
  }

  @Get('docs/start.js')
  start(@Res() reply: FastifyReply): void {
    void reply.type('text/javascript; charset=utf-8').send(START);
  }

  @Get('docs/:part')
  async part(@Param('part') part: string, @Res() reply: FastifyReply): Promise<void> {
    const type = Object.hasOwn(TYPES, part) ? TYPES[part] : undefined;
    if (type === undefined) throw new Problem(404, 'NOT_FOUND', 'The page has no such part.');
    const bytes = await readFile(require.resolve(`swagger-ui-dist/${part}`));
    void reply.header('cache-control', 'public, max-age=3600').type(type).send(bytes);
  }
}

function version(): string {
  const manifest: unknown = require('../../package.json');
  const told = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return told ? String(manifest.version) : '0';
}
