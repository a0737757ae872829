import { Controller, Get, Header, HttpStatus, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Database } from '../database/database.js';
import { Metrics } from '../metrics/metrics.js';
import { Spool } from '../spool/spool.js';
import { Lifecycle } from './lifecycle.js';

interface Readiness {
  readonly status: 'ready' | 'draining';
  /** Told, but no reason to take a replica out: all share it, and callbacks are still taken. */
  readonly database: 'up' | 'down';
  /** How many callbacks wait on disk for the database. */
  readonly spooled: number;
}

/** Probes and figures; open to whoever reaches the port. */
@Controller()
export class HealthController {
  constructor(
    private readonly database: Database,
    private readonly lifecycle: Lifecycle,
    private readonly spool: Spool,
    private readonly metrics: Metrics,
  ) {}

  /** The process answers. */
  @Get('livez')
  live(): { status: 'live' } {
    return { status: 'live' };
  }

  /** The process listens, so it has started on a current schema; 503 once it drains. */
  @Get('readyz')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Readiness> {
    const database = (await this.database.isUp()) ? 'up' : 'down';
    if (this.lifecycle.isDraining) reply.status(HttpStatus.SERVICE_UNAVAILABLE);
    const status = this.lifecycle.isDraining ? 'draining' : 'ready';
    return { status, database, spooled: this.spool.length };
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  figures(): Promise<string> {
    return this.metrics.expose();
  }
}
