import { parse } from 'node:querystring';
import { Injectable } from '@nestjs/common';
import { ChangesRepository } from '../changes/changes.repository.js';
import { Problem } from '../http/problem.js';
import { arrivalOf } from '../journal/callback-id.js';
import { PageCursors } from '../topics/api/cursor.js';
import { readInTurns } from '../webhooks/callback-reader.js';
import { answerOf } from '../webhooks/recorded-answer.js';
import {
  afterCursor,
  isCallbackId,
  listCursor,
  readCallbackListQuery,
  readCallbacksAfterQuery,
} from './callbacks-query.js';
import { type CallbackRow, CallbacksRepository } from './callbacks.repository.js';
import type { CallbacksQueryDto } from './dto/callbacks-query.dto.js';
import { type Poller, JournalTail } from './journal-tail.js';
import { bodyResponse, callbackResponse } from './responses.js';

const MAX_CHANGES = 500;

/** Answers the questions about callbacks, as JSON. */
@Injectable()
export class CallbacksService {
  constructor(
    private readonly store: CallbacksRepository,
    private readonly tail: JournalTail,
    private readonly changes: ChangesRepository,
  ) {}

  /** Newest arrival first, or with `after` in the order of commits. */
  async callbacks(parameters: CallbacksQueryDto, poller: Poller): Promise<string> {
    const { after } = parameters;
    return after === undefined
      ? this.list(parameters)
      : this.after({ ...parameters, after }, poller);
  }

  /** @throws Problem 404 where the journal has no such callback. */
  async callback(id: string): Promise<string> {
    if (!isCallbackId(id)) {
      throw new Problem(
        400,
        'INVALID_ID',
        'The id in the path must be that of a callback: a UUID.',
      );
    }
    const found = await this.store.one(id);
    if (found === null) throw unknownCallback(id);
    const { query, body, outcome } = found;
    const request = { id, arrivedAt: arrivalOf(id), query, body };
    const reading = await readInTurns(request, parse(query));
    const detail = {
      ...callbackResponse(found),
      query,
      ...bodyResponse(body),
      answer: answerOf(reading, outcome),
    };
    const changes = await this.changesOf(found);
    return `${JSON.stringify(detail).slice(0, -1)},"changes":[${changes.join(',')}]}`;
  }

  private async list(parameters: CallbacksQueryDto): Promise<string> {
    const cursors = new PageCursors();
    const query = readCallbackListQuery(parameters, cursors.decode);
    const { epoch, callbacks, last, head } = await this.store.list(query);
    cursors.requireEpoch(epoch);
    return JSON.stringify({
      data: callbacks.map(callbackResponse),
      nextCursor: cursors.next(last && listCursor(query.filters, last.id), epoch),
      nextAfter: cursors.next(afterCursor(head), epoch),
    });
  }

  private async after(
    parameters: CallbacksQueryDto & { readonly after: string },
    poller: Poller,
  ): Promise<string> {
    const cursors = new PageCursors();
    const query = readCallbacksAfterQuery(parameters, cursors.decode);
    const page = await this.tail.first(query, poller, ({ epoch }) => cursors.requireEpoch(epoch));
    return JSON.stringify({
      data: page.callbacks.map(callbackResponse),
      nextAfter: cursors.next(afterCursor(page.last ?? page.head), page.epoch),
    });
  }

  private async changesOf({ groupId, firstSeq, lastSeq }: CallbackRow): Promise<readonly string[]> {
    if (groupId === null || firstSeq === null || lastSeq === null) return [];
    return this.changes.between(groupId, [firstSeq, lastSeq], MAX_CHANGES);
  }
}

function unknownCallback(id: string): Problem {
  return new Problem(404, 'UNKNOWN_CALLBACK', `The journal has no callback ${id}, or no longer.`);
}
