// A reader of the feed over server-sent events that does what its ends and breaks ask for: connects
// again after the last id it has seen.
import { once } from 'node:events';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export class Follower {
  /** How many changes it was told. */
  count = 0;
  last = 0;
  connections = 0;
  /** What a reader of the feed must never see. @type {string[]} */
  faults = [];
  /** @type {Promise<{ reason: string | null, retryMs: number | null }>} */
  ended = Promise.resolve({ reason: null, retryMs: null });

  /**
   * @param {string} url
   * @param {import('./replica.mjs').Secrets} secrets
   */
  constructor(url, { apiKey }) {
    this.url = url;
    this.apiKey = apiKey;
  }

  /**
   * Opens a stream and reads it to its end, which `ended` tells.
   * @param {AbortSignal} [signal]
   */
  async open(signal) {
    const request = get(`${this.url}/changes?after=${this.last}`, {
      agent: false,
      signal,
      headers: { accept: 'text/event-stream', authorization: `Bearer ${this.apiKey}` },
    });
    /** @type {import('node:http').IncomingMessage[]} */
    const [response] = await once(request, 'response');
    if (response?.statusCode !== 200) throw new Error(`answered ${response?.statusCode}`);
    this.connections += 1;
    this.ended = this.read(response);
  }

  /** @param {AbortSignal} signal */
  async follow(signal) {
    while (!signal.aborted) {
      let pauseMs = 0;
      try {
        await this.open(signal);
        const { reason, retryMs } = await this.ended;
        if (reason === null && !signal.aborted) this.faults.push('a stream was cut without a word');
        // A browser waits as long as it was told.
        pauseMs = retryMs ?? 0;
      } catch (error) {
        if (!signal.aborted) this.faults.push(String(error));
        pauseMs = 100;
      }
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /**
   * Waits until it was told of a seq.
   * @param {number} seq
   * @param {number} timeoutMs
   */
  async reach(seq, timeoutMs) {
    const deadline = performance.now() + timeoutMs;
    while (this.last < seq && performance.now() < deadline) await sleep(50);
  }

  /** @param {import('node:http').IncomingMessage} response */
  async read(response) {
    let text = '';
    /** @type {string | null} */
    let reason = null;
    /** @type {number | null} */
    let retryMs = null;
    response.setEncoding('utf8');
    try {
      for await (const chunk of response) {
        text += chunk;
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) {
          const fields = new Map(block.split('\n').map(splitField));
          if (fields.has('retry')) retryMs = Number(fields.get('retry'));
          if (fields.get('event') === 'end') reason = JSON.parse(fields.get('data') ?? '').reason;
          else if (fields.has('data')) this.take(Number(fields.get('id')));
        }
      }
    } catch {
      // Cut: no reason was told.
    }
    return { reason, retryMs };
  }

  /** @param {number} seq */
  take(seq) {
    if (seq <= this.last) this.faults.push(`${seq} was told after ${this.last}`);
    this.last = seq;
    this.count += 1;
  }
}

/**
 * @param {string} line
 * @returns {[string, string]}
 */
function splitField(line) {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}
