import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  COMMANDS,
  parseRequest,
  type RestCommand,
  status,
  type Wire,
  writeAnswer,
} from './commands.js';
import { checkCall, type Credentials } from './credentials.js';
import { GLITCHES, RANDOM_REST_FAULTS, type RestFault, type RestMischief } from './mischief.js';
import type { Random } from './random.js';
import { spoil } from './spoil.js';
import { CODE, Refusal } from './state.js';
import type { Vendor } from './vendor.js';

export interface RestOptions {
  readonly vendor: Vendor;
  readonly random: Random;
  readonly credentials: Credentials;
  readonly mischief: () => RestMischief;
  /** Calls per second where they differ from the vendor's, by command. */
  readonly limits: Readonly<Record<string, number>>;
  readonly latencyMs: number;
}

/** A call whose answer is made but not sent yet. */
export interface Hold {
  /** Resolves with the request when the vendor has made its answer. */
  readonly arrived: Promise<Wire>;
  /** Sends the answer as it was when the call came. */
  release(): void;
}

interface Held {
  readonly command: string;
  readonly tell: (body: Wire) => void;
  readonly released: Promise<void>;
}

const MAX_ANSWER_BYTES = 1_000_000;
// After so many refused UserSigs in a minute the vendor answers nothing else for a while.
const MAX_REFUSED_USERSIGS = 10;
const REFUSED_WINDOW_MS = 60_000;

/** Answers REST calls as the vendor does, with the configured faults. */
export class RestDoor {
  /** Requests that came, by command. */
  readonly calls: Record<string, number> = {};
  private readonly recent = new Map<string, number[]>();
  private readonly faults: { readonly command: string; readonly fault: RestFault }[] = [];
  private readonly holds: Held[] = [];
  private refusedUserSigs: number[] = [];
  private readonly standing = new Map<string, RestFault>();
  /** Subjects whose last usable answer was a glitch. */
  private readonly glitched = new Set<string>();

  constructor(private readonly options: RestOptions) {}

  /** The next calls of a command meet these faults, one each, in this order. */
  fault(command: string, ...faults: readonly RestFault[]): void {
    this.faults.push(...faults.map((fault) => ({ command, fault })));
  }

  /** Every call of a command meets this fault from now on, or none again. */
  always(command: string, fault: RestFault | null): void {
    if (fault === null) this.standing.delete(command);
    else this.standing.set(command, fault);
  }

  /** The answer to the next call of a command is made, and waits for its release. */
  hold(command: string): Hold {
    let tell!: (body: Wire) => void;
    let release!: () => void;
    const arrived = new Promise<Wire>((resolve) => (tell = resolve));
    const released = new Promise<void>((resolve) => (release = resolve));
    this.holds.push({ command, tell, released });
    return { arrived, release };
  }

  async answer(request: IncomingMessage, url: URL, response: ServerResponse): Promise<void> {
    const path = url.pathname.replace(/^\/v4\//, '');
    const name = path.slice(path.lastIndexOf('/') + 1);
    this.calls[name] = (this.calls[name] ?? 0) + 1;
    const json = await bodyOf(request);
    const fault = this.nextFault(name, json);
    if (fault?.kind === 'silent') return;
    if (fault?.kind === 'status') {
      response.writeHead(fault.status, { 'content-type': 'text/html', location: '/elsewhere' });
      response.end('<h1>Not the vendor</h1>');
      return;
    }
    let body: Wire = {};
    let answer: Record<string, unknown>;
    try {
      const command = this.admit(request, url, path, name);
      body = parseBody(json);
      if (fault?.kind === 'error') throw new Refusal(fault.code, fault.info ?? 'on command');
      answer = { ActionStatus: 'OK', ...status(0, ''), ...this.handle(command, body) };
      if (fault) spoil(answer, fault);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      answer = { ActionStatus: 'FAIL', ...status(error.code, error.message) };
    }
    await this.wait(name, body);
    send(response, answer, fault);
  }

  /** Whether the call may be made at all. */
  private admit(request: IncomingMessage, url: URL, path: string, name: string): RestCommand {
    if (request.method !== 'POST') throw new Refusal(60002, 'use POST');
    this.checkCredentials(url.searchParams);
    const command = COMMANDS.get(path);
    if (!command || !url.pathname.startsWith('/v4/')) throw new Refusal(60009, 'unknown command');
    this.meter(name, this.options.limits[name] ?? command.callsPerSecond);
    return command;
  }

  private checkCredentials(query: URLSearchParams): void {
    const now = Date.now();
    this.refusedUserSigs = this.refusedUserSigs.filter((at) => at > now - REFUSED_WINDOW_MS);
    if (this.refusedUserSigs.length >= MAX_REFUSED_USERSIGS) {
      throw new Refusal(70050, 'too many refused usersigs, wait a minute');
    }
    try {
      checkCall(query, this.options.credentials);
    } catch (error) {
      if (error instanceof Refusal && error.code > 70000) this.refusedUserSigs.push(now);
      throw error;
    }
  }

  private meter(name: string, callsPerSecond: number): void {
    const now = performance.now();
    const recent = (this.recent.get(name) ?? []).filter((at) => at > now - 1000);
    this.recent.set(name, recent);
    if (recent.length >= callsPerSecond) throw new Refusal(10006, 'over frequency');
    recent.push(now);
  }

  private handle(command: RestCommand, body: Wire): Record<string, unknown> {
    const { vendor, random, mischief } = this.options;
    if (command.kind === 'write') return command.handle(vendor, body);
    const { lagMs, leastLagMs } = mischief();
    if (lagMs === 0) return command.handle(vendor, body);
    return command.handle(vendor.asOf(leastLagMs + random.below(lagMs - leastLagMs)), body);
  }

  private nextFault(command: string, json: string): RestFault | null {
    const index = this.faults.findIndex((planned) => planned.command === command);
    const [planned] = index < 0 ? [] : this.faults.splice(index, 1);
    return (
      planned?.fault ?? this.standing.get(command) ?? this.randomFault(subjectsOf(command, json))
    );
  }

  /** Two glitches in a row about the same group would be none, for anybody. */
  private randomFault(subjects: readonly string[]): RestFault | null {
    const { random, mischief } = this.options;
    const { glitch, lagMs: _, leastLagMs: __, ...faults } = mischief();
    for (const [name, probability] of Object.entries(faults)) {
      if (random.chance(probability)) return Reflect.get(RANDOM_REST_FAULTS, name);
    }
    const isRepeated = subjects.some((subject) => this.glitched.has(subject));
    for (const subject of subjects) this.glitched.delete(subject);
    if (isRepeated || !random.chance(glitch)) return null;
    for (const subject of subjects) this.glitched.add(subject);
    return random.pick(GLITCHES) ?? null;
  }

  private async wait(command: string, body: Wire): Promise<void> {
    if (this.options.latencyMs > 0) await sleep(this.options.latencyMs);
    const index = this.holds.findIndex((held) => held.command === command);
    const [held] = index < 0 ? [] : this.holds.splice(index, 1);
    held?.tell(body);
    await held?.released;
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(request, 'end');
  return Buffer.concat(chunks).toString('utf8');
}

function parseBody(json: string): Wire {
  try {
    return parseRequest(json);
  } catch (error) {
    throw new Refusal(60003, `the body is no JSON object: ${String(error)}`);
  }
}

/** What a call reads: the groups that it names. */
function subjectsOf(command: string, json: string): string[] {
  const ids = json.match(/"@TGS#[^"]*"/g) ?? [];
  return ids.map((id) => `${command} ${id}`);
}

function send(
  response: ServerResponse,
  answer: Record<string, unknown>,
  fault: RestFault | null,
): void {
  const whole = writeAnswer(answer);
  const tooLarge = { ActionStatus: 'FAIL', ...status(CODE.answerTooLarge, 'answer over 1 MB') };
  const json = Buffer.byteLength(whole) > MAX_ANSWER_BYTES ? writeAnswer(tooLarge) : whole;
  const half = json.slice(0, json.length >> 1);
  response.setHeader('content-type', 'application/json');
  if (fault?.kind === 'cut') {
    response.writeHead(200, { 'content-length': Buffer.byteLength(json) });
    response.write(half, () => response.destroy());
  } else response.end(fault?.kind === 'truncated' ? half : json);
}
