import { Injectable, Logger } from '@nestjs/common';
import { DatabaseUnavailableError } from '../database/errors.js';
import { QueueFullError } from '../database/group-commit.js';
import { Problem } from '../http/problem.js';
import { Metrics } from '../metrics/metrics.js';
import type { ChangeSet } from '../topics/change.js';
import { TopicsService } from '../topics/topics.service.js';
import {
  type Callback,
  type CallbackBody,
  InvalidCallbackError,
  nextArrival,
  parseBody,
} from './callback.js';
import { type Handler, handlingOf } from './commands.js';

type Query = Readonly<Record<string, unknown>>;

/** Does with an authentic callback what its command asks for, and counts it. */
@Injectable()
export class Receiver {
  private readonly logger = new Logger('Webhooks');

  constructor(
    private readonly topics: TopicsService,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Resolves when all that the callback says is committed, or when there is nothing to keep.
   * @throws Problem with the answer for everything else.
   */
  async receive(query: Query, bytes: Buffer | undefined): Promise<void> {
    const arrivedAt = nextArrival();
    const body = this.parse(bytes);
    const command = this.commandOf(query, body);
    if (body === null || command === null) {
      this.count(command ?? 'none', 'probe');
      return;
    }
    const handling = handlingOf(command);
    if (handling?.kind !== 'mirrored') {
      // The name of an unknown command comes from outside: it must not become a label.
      this.count(handling ? command : 'other', handling ? 'ignored' : 'unknown');
      return;
    }
    const requestTime = typeof query.RequestTime === 'string' ? query.RequestTime : null;
    await this.mirror({ command, body, requestTime, arrivedAt }, handling.handler);
  }

  private async mirror(callback: Callback, handler: Handler): Promise<void> {
    const set = this.read(callback, handler);
    try {
      const { outcome } = await this.topics.apply(set);
      this.count(callback.command, outcome);
    } catch (error) {
      this.count(callback.command, 'failed');
      throw this.toProblem(error);
    }
  }

  private read(callback: Callback, handler: Handler): ChangeSet {
    try {
      return { changes: handler(callback), receivedAt: new Date(callback.arrivedAt / 1000) };
    } catch (error) {
      this.count(callback.command, 'invalid');
      throw invalid(error);
    }
  }

  private parse(bytes: Buffer | undefined): CallbackBody | null {
    try {
      const body = parseBody(bytes);
      return body !== null && Object.keys(body).length === 0 ? null : body;
    } catch (error) {
      this.count('none', 'invalid');
      throw invalid(error);
    }
  }

  /** The body names the command, and the query repeats it. */
  private commandOf(query: Query, body: CallbackBody | null): string | null {
    const inQuery = query.CallbackCommand;
    const inBody = body?.CallbackCommand;
    const named = inBody ?? inQuery ?? null;
    const isRepeated = inQuery !== undefined && typeof inQuery !== 'string';
    if (isRepeated || (inQuery !== undefined && inBody !== undefined && inQuery !== inBody)) {
      this.metrics.callbacksRejected.inc({ reason: 'query and body name different commands' });
      throw new Problem(
        403,
        'CALLBACK_REFUSED',
        'callback refused: query and body must name one CallbackCommand',
      );
    }
    if (named !== null && typeof named !== 'string') {
      this.count('none', 'invalid');
      throw invalid(new InvalidCallbackError('CallbackCommand must be a text'));
    }
    return named;
  }

  private toProblem(error: unknown): unknown {
    if (error instanceof QueueFullError) {
      return new Problem(503, 'OVERLOADED', 'too many callbacks are waiting; send it again', {
        cause: error,
        retryAfterSeconds: 1,
      });
    }
    if (error instanceof DatabaseUnavailableError) {
      this.logger.error({ msg: 'callback not kept', err: error.cause });
      return new Problem(503, 'DATABASE_UNAVAILABLE', 'the database is away; send it again', {
        cause: error,
        retryAfterSeconds: 1,
      });
    }
    return error;
  }

  private count(command: string, outcome: string): void {
    this.metrics.callbacks.inc({ command, outcome });
  }
}

function invalid(error: unknown): unknown {
  if (!(error instanceof InvalidCallbackError)) return error;
  return new Problem(400, error.code, error.message, { cause: error });
}
