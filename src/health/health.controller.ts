import { Controller, Get, Header, HttpStatus, Res } from '@nestjs/common';
import {
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiProperty,
  ApiPropertyOptional,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Database } from '../database/database.js';
import { Metrics } from '../metrics/metrics.js';
import { ApiProblems } from '../openapi/decorators.js';
import { Spool } from '../spool/spool.js';
import { Lifecycle } from './lifecycle.js';

class Liveness {
  @ApiProperty({ enum: ['live'] })
  readonly status!: 'live';
}

class Readiness {
  /** `starting` until PostgreSQL has answered once: its schema is not known. */
  @ApiProperty({ enum: ['ready', 'starting', 'draining'] })
  readonly status!: 'ready' | 'starting' | 'draining';

  /** No reason to take a replica out: all share it, and callbacks are still taken. */
  @ApiProperty({ enum: ['up', 'down'] })
  readonly database!: 'up' | 'down';

  @ApiPropertyOptional({
    enum: ['up', 'down'],
    description: 'Absent where no replica is set. The primary is read while it is down.',
  })
  readonly replica?: 'up' | 'down';

  @ApiProperty({ type: 'integer', description: 'The callbacks on disk, to be stored.' })
  readonly spooled!: number;
}

/** Probes and metrics, without authentication. */
@Controller()
@ApiTags('Operations')
@ApiProblems({ 414: ['URI_TOO_LONG'] })
export class HealthController {
  constructor(
    private readonly database: Database,
    private readonly lifecycle: Lifecycle,
    private readonly spool: Spool,
    private readonly metrics: Metrics,
  ) {}

  /** The process answers. */
  @Get('livez')
  @ApiOperation({ summary: 'Returns whether the process answers' })
  @ApiOkResponse({ type: Liveness, example: { status: 'live' } })
  live(): Liveness {
    return { status: 'live' };
  }

  /** The process listens and the schema is current; 503 before, and once it drains. */
  @Get('readyz')
  @ApiOperation({
    summary: 'Returns whether the process takes requests; 503 while it starts or drains',
  })
  @ApiOkResponse({
    type: Readiness,
    example: { status: 'ready', database: 'up', spooled: 0 },
  })
  @ApiServiceUnavailableResponse({
    type: Readiness,
    description: 'It starts or drains.',
    example: { status: 'draining', database: 'up', spooled: 0 },
  })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Readiness> {
    const database = (await this.database.isUp()) ? 'up' : 'down';
    const { replicaUse } = this.database;
    const replica = replicaUse && {
      replica: replicaUse.isUp ? ('up' as const) : ('down' as const),
    };
    const status = this.status();
    if (status !== 'ready') reply.status(HttpStatus.SERVICE_UNAVAILABLE);
    return { status, database, ...replica, spooled: this.spool.length };
  }

  @Get('metrics')
  @ApiOperation({
    operationId: 'metrics',
    summary: 'Returns the metrics of the process for Prometheus',
  })
  @ApiProduces('text/plain')
  @ApiOkResponse({
    type: String,
    example:
      'topicmirror_callbacks_total{command="Group.CallbackAfterCreateTopic",outcome="applied"} 1\n',
  })
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  exposition(): Promise<string> {
    return this.metrics.expose();
  }

  private status(): Readiness['status'] {
    if (this.lifecycle.isDraining) return 'draining';
    return this.database.isOpen ? 'ready' : 'starting';
  }
}
