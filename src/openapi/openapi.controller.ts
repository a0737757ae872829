import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Controller, Get, Header, Param, Res } from '@nestjs/common';
import {
  ApiExcludeEndpoint,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Problem } from '../http/problem.js';
import { ApiProblems } from './decorators.js';
import { OpenApiDocument } from './document.js';

const require = createRequire(import.meta.url);

// The page and its parts come from here alone, so it works without a network, and by relative addresses
// behind a proxy that strips a prefix.
const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>topic-mirror</title>
    <link rel="stylesheet" href="docs/swagger-ui.css">
  </head>
  <body>
    <div id="page"></div>
    <script src="docs/swagger-ui-bundle.js"></script>
    <script src="docs/start.js"></script>
  </body>
</html>
`;
const START = `SwaggerUIBundle({ url: 'openapi.json', dom_id: '#page', deepLinking: true, validatorUrl: null });
`;
const PAGE_POLICY =
  "default-src 'none';script-src 'self';style-src 'self' 'unsafe-inline';img-src 'self' data:;connect-src 'self';frame-ancestors 'none'";
const TYPES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
};

/** The OpenAPI document and its page; without a key, since they hold no data. */
@Controller()
@ApiTags('Operations')
@ApiProblems({ 414: ['URI_TOO_LONG'] })
export class OpenApiController {
  constructor(private readonly document: OpenApiDocument) {}

  @Get('openapi.json')
  @ApiOperation({ summary: 'Returns this document' })
  @ApiOkResponse({ type: Object, example: { openapi: '3.1.1' } })
  @Header('content-type', 'application/json; charset=utf-8')
  openApi(): string {
    return this.document.json;
  }

  @Get('docs')
  @ApiOperation({ summary: 'Shows this document as a page' })
  @ApiProduces('text/html')
  @ApiOkResponse({ type: String, example: '<!doctype html>' })
  @Header('content-security-policy', PAGE_POLICY)
  @Header('content-type', 'text/html; charset=utf-8')
  docs(): string {
    return PAGE;
  }

  @Get('docs/start.js')
  @ApiExcludeEndpoint()
  @Header('content-type', 'text/javascript; charset=utf-8')
  start(): string {
    return START;
  }

  @Get('docs/:part')
  @ApiExcludeEndpoint()
  @Header('cache-control', 'public, max-age=3600')
  async part(
    @Param('part') part: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const type = Object.hasOwn(TYPES, part) ? TYPES[part] : undefined;
    if (type === undefined) throw new Problem(404, 'NOT_FOUND', 'The page has no such part.');
    void reply.type(type);
    return readFile(require.resolve(`swagger-ui-dist/${part}`));
  }
}
