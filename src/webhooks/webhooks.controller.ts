import { Body, Controller, Header, HttpCode, Post, Query, UseGuards } from '@nestjs/common';
import { CALLBACK_OK, CALLBACK_PATHS } from '../http/callback-answer.js';
import { CallbackGuard } from './callback.guard.js';
import { Receiver } from './receiver.js';

/** Where the vendor sends its callbacks. Whatever the content type says, the body arrives as bytes. */
@Controller()
export class WebhooksController {
  constructor(private readonly receiver: Receiver) {}

  @Post([...CALLBACK_PATHS])
  @HttpCode(200)
  @Header('content-type', 'application/json; charset=utf-8')
  @UseGuards(CallbackGuard)
  async receive(
    @Query() query: Readonly<Record<string, unknown>>,
    @Body() body: Buffer | undefined,
  ): Promise<string> {
    await this.receiver.receive(query, body);
    return CALLBACK_OK;
  }
}
