import { Body, Controller, Header, HttpCode, Post, Query, Req, UseGuards } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CALLBACK_OK, CALLBACK_PATHS } from '../http/callback-answer.js';
import { CallbackGuard } from './callback.guard.js';
import { type Receipt, Receiver } from './receiver.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Of one of the vendor's that was answered OK. */
    callback?: Receipt;
  }
}

/** Where the vendor sends its callbacks. Whatever the content type says, the body arrives as bytes. */
@Controller()
export class WebhooksController {
  constructor(private readonly receiver: Receiver) {}

  @Post([...CALLBACK_PATHS])
  @HttpCode(200)
  @Header('content-type', 'application/json; charset=utf-8')
  @UseGuards(CallbackGuard)
  async receive(
    @Req() request: FastifyRequest,
    @Query() query: Readonly<Record<string, unknown>>,
    @Body() body: Buffer | undefined,
  ): Promise<string> {
    const { url } = request;
    const mark = url.indexOf('?');
    request.callback = await this.receiver.receive(
      query,
      mark < 0 ? '' : url.slice(mark + 1),
      body,
    );
    return CALLBACK_OK;
  }
}
