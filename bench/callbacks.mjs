// npm run bench [-- --seconds 5]: how fast callbacks are kept, as ratios within one run. Starts the
// built service on a throw-away embedded server, prints a table, keeps nothing.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { nextBody, TOPICS } from './renames.mjs';
import { withServer } from './with-server.mjs';

const CONNECTIONS = [1, 64, 256];
const QUERY =
  'SdkAppid=1400000000&CallbackCommand=Group.CallbackAfterCreateTopic&contenttype=json&ClientIP=127.0.0.1&OptPlatform=RESTAPI';
const VARIANTS = [
  { name: 'no database', path: '/bench/none' },
  { name: 'one Prisma upsert', path: '/bench/upsert' },
  { name: 'receiver', path: `/webhooks/im?${QUERY}` },
];

/** @typedef {{ rate: number, p50: number, p99: number, failed: number }} Figures */

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '5' } },
});
const seconds = Number(options.seconds);

await withServer(run);

/** @param {string} url */
async function run(url) {
  print(`${seconds} s each, ${availableParallelism()} cores, Node ${process.version}\n`);
  print(
    'connections  handler            callbacks/s   p50 ms   p99 ms  failed  of no database  of upsert',
  );
  // The first requests compile code, and create the groups and topics that all others update.
  for (const { path } of VARIANTS.toReversed()) await measure(url + path, 64, { amount: TOPICS });
  for (const connections of CONNECTIONS) {
    /** @type {Figures[]} */
    const figures = [];
    for (const { path } of VARIANTS) {
      figures.push(await measure(url + path, connections, { duration: seconds }));
    }
    const [none, upsert] = figures;
    figures.forEach((figure, index) => {
      const cells = [
        String(connections).padStart(11),
        ` ${VARIANTS[index]?.name ?? ''}`.padEnd(18),
        figure.rate.toFixed(0).padStart(12),
        figure.p50.toFixed(1).padStart(8),
        figure.p99.toFixed(1).padStart(8),
        String(figure.failed).padStart(7),
        (figure.rate / (none?.rate ?? 1)).toFixed(2).padStart(15),
        (figure.rate / (upsert?.rate ?? 1)).toFixed(2).padStart(10),
      ];
      print(cells.join(' '));
    });
  }
}

/**
 * @param {string} url
 * @param {number} connections
 * @param {{ duration: number } | { amount: number }} extent seconds, or requests
 * @returns {Promise<Figures>}
 */
async function measure(url, connections, extent) {
  const { pathname, search } = new URL(url);
  const result = await autocannon({
    url,
    connections,
    ...extent,
    requests: [
      {
        method: 'POST',
        path: pathname + search,
        setupRequest: (request) => ({ ...request, body: nextBody() }),
      },
    ],
  });
  return {
    rate: result.requests.average,
    p50: result.latency.p50,
    p99: result.latency.p99,
    failed: result.non2xx + result.errors,
  };
}

/** @param {string} line */
function print(line) {
  process.stdout.write(`${line}\n`);
}
