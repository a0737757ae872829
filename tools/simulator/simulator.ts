// A small local vendor: holds communities and topics, answers the REST API, sends callbacks.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { answerAdmin } from './admin.js';
import { CallbackBodies, type CallbackForm, DOCUMENTED } from './callback-bodies.js';
import { CallbackSender, type Outcome, type SentCallback } from './callback-sender.js';
import {
  type CallbackMischief,
  GOOD_CALLBACKS,
  GOOD_REST,
  type Mischief,
  type RestFault,
  type RestMischief,
} from './mischief.js';
import { Random } from './random.js';
import { type Hold, RestDoor } from './rest.js';
import { Vendor } from './vendor.js';

export interface SimulatorOptions {
  /** Where callbacks go; also set later with `sendTo`. Without, none are sent. */
  readonly targets?: readonly string[];
  /** `0`, the default: a free one. */
  readonly port?: number;
  readonly host?: string;
  readonly seed?: number;
  readonly sdkAppId?: string;
  readonly adminUserId?: string;
  readonly secretKey?: string;
  /** Signs callbacks; `null`, the default, does not. */
  readonly callbackToken?: string | null;
  readonly callbackForm?: Partial<CallbackForm>;
  /** REST calls per second, by command, where they shall differ from the vendor's. */
  readonly limits?: Readonly<Record<string, number>>;
  /** How long every REST answer takes. */
  readonly latencyMs?: number;
  readonly callbackTimeoutMs?: number;
  readonly callbackRetries?: number;
  readonly callbackConcurrency?: number;
  readonly onSent?: (sent: SentCallback) => void;
}

export interface Simulator {
  readonly url: string;
  readonly seed: number;
  /** What is true: the oracle. Its methods do what the app's users do. */
  readonly vendor: Vendor;
  /** REST requests that came, by command. */
  readonly calls: Readonly<Record<string, number>>;
  /** Callbacks by what became of them. */
  readonly callbacks: Readonly<Record<Outcome, number>>;
  /** Groups of which a callback was answered well after their last change. */
  readonly reached: ReadonlySet<string>;
  sendTo(...targets: readonly string[]): void;
  /** Sets how it misbehaves from now on; what is not named stays. */
  misbehave(mischief: PartialMischief): void;
  /** The next REST calls of a command meet these faults, one each. */
  fault(command: string, ...faults: readonly RestFault[]): void;
  /** Every REST call of a command meets this fault until it is `null`. */
  always(command: string, fault: RestFault | null): void;
  /** Keeps back the answer to the next REST call of a command, as it is when the call comes. */
  hold(command: string): Hold;
  /** Resolves when every callback was answered, given up or dropped. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export interface PartialMischief {
  readonly callbacks?: Partial<CallbackMischief>;
  readonly rest?: Partial<RestMischief>;
}

// The vendor's own (W-OV).
const CALLBACK_TIMEOUT_MS = 2_000;

/** Starts a vendor on a port of its own. Two with the same seed misbehave alike. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 32);
  let mischief: Mischief = { callbacks: GOOD_CALLBACKS, rest: GOOD_REST };
  const callbacks = { delivered: 0, refused: 0, 'timed out': 0, failed: 0, dropped: 0 };
  const reached = new Set<string>();
  const sdkAppId = options.sdkAppId ?? '1400000000';
  const sender = new CallbackSender({
    // Draws of its own: the number of REST calls must not change what becomes of callbacks.
    random: new Random(seed + 1),
    sdkAppId,
    token: options.callbackToken ?? null,
    mischief: () => mischief.callbacks,
    retries: options.callbackRetries ?? 0,
    timeoutMs: options.callbackTimeoutMs ?? CALLBACK_TIMEOUT_MS,
    concurrency: options.callbackConcurrency ?? 1,
    onSent: (sent) => {
      callbacks[sent.outcome] += 1;
      if (sent.outcome === 'delivered') reached.add(groupOf(sent.body.GroupId));
      options.onSent?.(sent);
    },
  });
  const vendor = new Vendor({
    random: new Random(seed),
    bodies: new CallbackBodies({ ...DOCUMENTED, ...options.callbackForm }),
    onChange: (groupId) => reached.delete(groupId),
    onEvent: (body) => sender.submit(body),
  });
  const rest = new RestDoor({
    vendor,
    random: new Random(seed + 2),
    credentials: {
      sdkAppId,
      adminUserId: options.adminUserId ?? 'administrator',
      secretKey: options.secretKey ?? 'simulator',
    },
    mischief: () => mischief.rest,
    limits: options.limits ?? {},
    latencyMs: options.latencyMs ?? 0,
  });
  sender.sendTo(options.targets ?? []);

  const server = createServer((request, response) => void route(request, response));
  const url = await listen(server, options.port ?? 0, options.host ?? '127.0.0.1');
  const simulator: Simulator = {
    url,
    seed,
    vendor,
    calls: rest.calls,
    callbacks,
    reached,
    sendTo: (...targets) => sender.sendTo(targets),
    misbehave: (change) => {
      mischief = {
        callbacks: { ...mischief.callbacks, ...change.callbacks },
        rest: { ...mischief.rest, ...change.rest },
      };
      if (mischief.rest.lagMs > 0) vendor.rememberPast();
    },
    fault: (command, ...faults) => rest.fault(command, ...faults),
    always: (command, fault) => rest.always(command, fault),
    hold: (command) => rest.hold(command),
    settled: () => sender.settled(),
    close: async () => {
      sender.close();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  const route = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const target = new URL(request.url ?? '/', url);
    try {
      if (target.pathname.startsWith('/simulator')) {
        await answerAdmin(simulator, request, target.pathname, response);
      } else await rest.answer(request, target, response);
    } catch (error) {
      // A client that went away in the middle is its own affair.
      if (!response.headersSent && !response.destroyed) response.writeHead(500).end(String(error));
    }
  };
  return simulator;
}

/** A changed topic may be named in place of its group. */
function groupOf(groupId: string): string {
  return groupId.split('@TOPIC#_', 1)[0] ?? groupId;
}

async function listen(server: Server, port: number, host: string): Promise<string> {
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port to listen on');
  return `http://${host}:${address.port}`;
}
