// The simulator's own endpoints, for people and for programs that do not run inside of it:
//   GET  /simulator            requests and callbacks so far
//   GET  /simulator/state      all groups and topics
//   POST /simulator/misbehave  {"callbacks": {"drop": 0.05, …}, "rest": {"error": 0.1, …}}
//   POST /simulator/fault      {"command": "get_topic", "faults": [{"kind": "truncated"}, …]}
//   POST /simulator/settled    answers when no callback is under way
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { GOOD_CALLBACKS, GOOD_REST, type RestFault } from './mischief.js';
import type { PartialMischief, Simulator } from './simulator.js';

type Json = Readonly<Record<string, unknown>>;

const FAULT_KINDS: ReadonlySet<unknown> = new Set<RestFault['kind']>([
  'error',
  'status',
  'truncated',
  'cut',
  'silent',
  'partial',
  'omitted',
  'empty',
  'no list',
  'gone',
  'fail',
  'no next',
  'old form',
]);

export async function answerAdmin(
  simulator: Simulator,
  request: IncomingMessage,
  path: string,
  response: ServerResponse,
): Promise<void> {
  const body = await bodyOf(request);
  const answer = await (body === null ? 'the body must be a JSON object' : act());
  const problem = typeof answer === 'string' ? { error: answer } : null;
  response.setHeader('content-type', 'application/json');
  response.statusCode = problem ? 400 : 200;
  response.end(`${JSON.stringify(problem ?? answer)}\n`);

  /** The answer, or what is wrong with the request. */
  async function act(): Promise<object | string> {
    switch (`${request.method} ${path}`) {
      case 'GET /simulator':
        return { seed: simulator.seed, calls: simulator.calls, callbacks: simulator.callbacks };
      case 'GET /simulator/state':
        return stateOf(simulator);
      case 'POST /simulator/misbehave':
        return misbehave(simulator, body ?? {});
      case 'POST /simulator/fault':
        return fault(simulator, body ?? {});
      case 'POST /simulator/settled':
        await simulator.settled();
        return {};
      default:
        return 'unknown: see GET /simulator, GET /simulator/state, POST /simulator/misbehave, /fault, /settled';
    }
  }
}

function stateOf({ vendor }: Simulator): object {
  const groups = [...vendor.groups.values()];
  return {
    groups: groups.map((group) => ({ ...group, topics: [...group.topics.values()] })),
  };
}

function misbehave(simulator: Simulator, body: Json): object | string {
  const known = { callbacks: GOOD_CALLBACKS, rest: GOOD_REST };
  for (const [part, settings] of Object.entries(body)) {
    const names: object | undefined = Reflect.get(known, part);
    if (!names || !isJson(settings)) return `${part}: use callbacks or rest, each an object`;
    for (const [name, value] of Object.entries(settings)) {
      const isInRange = typeof value === 'number' && value >= 0;
      if (!(name in names) || !isInRange || (!name.endsWith('Ms') && value > 1)) {
        return `${part}.${name}: use ${Object.keys(names).join(', ')}; probabilities from 0 to 1`;
      }
    }
  }
  const change: PartialMischief = body;
  simulator.misbehave(change);
  return {};
}

function fault(simulator: Simulator, { command, faults }: Json): object | string {
  if (typeof command !== 'string') return 'command: name a REST command, such as get_topic';
  if (!Array.isArray(faults) || !faults.every(isFault)) {
    return `faults: a list of objects with one kind of ${[...FAULT_KINDS].join(', ')}`;
  }
  simulator.fault(command, ...faults);
  return {};
}

function isFault(value: unknown): value is RestFault {
  if (!isJson(value) || !FAULT_KINDS.has(value.kind)) return false;
  if (value.kind === 'error' || value.kind === 'partial') return Number.isInteger(value.code);
  return value.kind !== 'status' || Number.isInteger(value.status);
}

/** `null`: not a JSON object; an empty body is an empty object. */
async function bodyOf(request: IncomingMessage): Promise<Json | null> {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(request, 'end');
  try {
    const parsed: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}');
    return isJson(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
