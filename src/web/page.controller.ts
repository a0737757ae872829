import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import { Problem } from '../http/problem.js';
import { PageFiles } from './page-files.js';

const JSON_TYPE = 'application/json';
const HTML = 'text/html';
// Names of assets contain a hash of their content.
const IMMUTABLE = 'public, max-age=31536000, immutable';
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join(';');

/** The page for people; open, since it holds no data: that comes from the query API. */
@Controller()
@ApiExcludeController()
export class PageController {
  constructor(private readonly files: PageFiles) {}

  @Get()
  async page(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    void reply.header('vary', 'accept');
    if (!prefersHtml(request)) {
      throw new Problem(
        404,
        'NOT_FOUND',
        'Here is a page for browsers; the API is at openapi.json.',
      );
    }
    const index = await this.files.index();
    if (!index) throw new Problem(404, 'NOT_FOUND', 'The page is not built: run "npm run build".');
    void reply
      .header('content-security-policy', POLICY)
      .header('cache-control', 'no-cache')
      .type(index.type)
      .send(index.bytes);
  }

  @Get('assets/:name')
  async asset(@Param('name') name: string, @Res() reply: FastifyReply): Promise<void> {
    const file = await this.files.asset(name);
    if (!file) throw new Problem(404, 'NOT_FOUND', 'The page has no such asset; reload it.');
    void reply.header('cache-control', IMMUTABLE).type(file.type).send(file.bytes);
  }
}

/** Whether HTML is named in `Accept`, as browsers do; `*` alone stays with JSON. */
function prefersHtml({ headers }: FastifyRequest): boolean {
  return new Negotiator({ headers }).mediaType([JSON_TYPE, HTML]) === HTML;
}
