import { Controller, Get, Header, HttpStatus, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Database } from '../database/database.js';
import { Metrics } from '../metrics/metrics.js';
import { Spool } from '../spool/spool.js';
import { Lifecycle } from './lifecycle.js';

interface Readiness {
  /** `starting` until PostgreSQL has answered once: its schema is not known. */
  readonly status: 'ready' | 'starting' | 'draining';
  /** Told, but no reason to take a replica out: all share it, and callbacks are still taken. */
  readonly database: 'up' | 'down';
  /** Told where there is one: without it the primary is read. */
  readonly replica?: 'up' | 'down';
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

  /** The process listens and the schema is current; 503 before, and once it drains. */
  @Get('readyz')
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
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  figures(): Promise<string> {
    return this.metrics.expose();
  }

  private status(): Readiness['status'] {
    if (this.lifecycle.isDraining) return 'draining';
    return this.database.isOpen ? 'ready' : 'starting';
  }
}
