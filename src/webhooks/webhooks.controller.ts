import {
  applyDecorators,
  Body,
  Controller,
  Header,
  HttpCode,
  Post,
  Query,
  Req,
  UseGuards,
} from '@nestjs/common';
import {
  ApiBody,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiQuery,
  ApiResponse,
  ApiSchema,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { clientAddress } from '../http/client-address.js';
import { CALLBACK_BODY, CALLBACK_QUERY } from '../openapi/examples.js';
import { CALLBACK_PATHS } from './callback-answer.js';
import { CallbackGuard } from './callback.guard.js';
import { type Receipt, WebhooksService } from './webhooks.service.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Of one of the vendor's that was answered OK. */
    callback?: Receipt;
  }
}

const REFUSALS: Readonly<Record<number, string>> = {
  400: 'The body is not a callback.',
  403: 'The callback is not authentic; nothing was done.',
  413: 'The body is larger than 1 MiB.',
  415: 'The body is compressed.',
  503: 'Neither database nor disk took it; send it again.',
};

@ApiSchema({ name: 'CallbackAnswer' })
class CallbackAnswer {
  @ApiProperty({ enum: ['OK', 'FAIL'] })
  readonly ActionStatus!: string;

  @ApiProperty()
  readonly ErrorInfo!: string;

  @ApiProperty({ type: 'integer' })
  readonly ErrorCode!: number;
}

function ApiCallback(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      summary: 'Receives a callback of Tencent Cloud Chat',
      description:
        'For the vendor. The body is JSON whatever its content type says. The answer is OK once it is stored.',
    }),
    ...Object.entries(CALLBACK_QUERY).map(([name, example]) =>
      ApiQuery({
        name,
        type: String,
        required: false,
        description: 'As the vendor appends it.',
        example,
      }),
    ),
    ...['Sign', 'RequestTime'].map((name) =>
      ApiQuery({
        name,
        type: String,
        required: false,
        description: 'Where callbacks are authenticated: sha256 of token and time, and the time.',
      }),
    ),
    ApiBody({
      required: true,
      schema: { type: 'object' },
      examples: { created: { value: CALLBACK_BODY } },
    }),
    ApiOkResponse({
      type: CallbackAnswer,
      example: { ActionStatus: 'OK', ErrorInfo: '', ErrorCode: 0 },
    }),
    ...Object.entries(REFUSALS).map(([status, description]) =>
      ApiResponse({
        status: Number(status),
        description,
        type: CallbackAnswer,
        example: {
          ActionStatus: 'FAIL',
          ErrorInfo: 'the body is not JSON',
          ErrorCode: Number(status),
        },
      }),
    ),
  );
}

/** Where the vendor sends its callbacks. Whatever the content type says, the body arrives as bytes. */
@Controller()
@ApiTags('Callbacks')
export class WebhooksController {
  constructor(private readonly receiver: WebhooksService) {}

  @Post([...CALLBACK_PATHS])
  @HttpCode(200)
  @Header('content-type', 'application/json; charset=utf-8')
  @UseGuards(CallbackGuard)
  @ApiCallback()
  async receiveCallback(
    @Req() request: FastifyRequest,
    @Query() query: Readonly<Record<string, unknown>>,
    @Body() body: Buffer | undefined,
  ): Promise<string | Buffer> {
    const { url } = request;
    const mark = url.indexOf('?');
    const { receipt, answer } = await this.receiver.receive({
      query,
      rawQuery: mark < 0 ? '' : url.slice(mark + 1),
      bytes: body,
      from: clientAddress(request),
    });
    request.callback = receipt;
    return answer;
  }
}
