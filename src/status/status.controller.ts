import { Controller, Get, Header, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { NoParametersDto } from '../http/parameters.js';
import { QueryPipe } from '../http/query.pipe.js';
import { ApiProblems, RequiresApiKey } from '../openapi/decorators.js';
import { STATUS } from '../openapi/examples.js';
import { StatusResponse } from './responses.js';
import { StatusService } from './status.service.js';

@Controller('status')
@ApiTags('Operations')
@RequiresApiKey()
export class StatusController {
  constructor(private readonly reader: StatusService) {}

  @Get()
  @Header('cache-control', 'no-store')
  @ApiOperation({
    summary: 'Returns the state of the process and of the mirror at a glance',
    description: 'Also while PostgreSQL is away; what is stored there is `null` then.',
  })
  @ApiOkResponse({ type: StatusResponse, example: STATUS })
  @ApiProblems({ 400: ['INVALID_PARAMETER'] })
  getStatus(@Query(QueryPipe) _query: NoParametersDto): Promise<StatusResponse> {
    return this.reader.status();
  }
}
