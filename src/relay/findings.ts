// What the doctor says of the relay.
import { once } from 'node:events';
import { connect, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { codeOf, hostOf } from './backend.js';
import type { RelayState } from './relay.repository.js';

interface Finding {
  readonly verdict: 'ok' | 'warning' | 'fault';
  readonly code: string;
  readonly what: string;
  readonly advice?: string;
}

const CONNECT_TIMEOUT_MS = 2_000;
// It catches up within seconds after a short failure.
const LATE_SECONDS = 300;
const DOCS = 'see docs/relay.md';

/** Whether the backend accepts connections; nothing is sent to it. */
export async function backendFinding(relayUrl: string): Promise<Finding> {
  const url = new URL(relayUrl);
  const { hostname, port, protocol } = url;
  const number = Number(port) || (protocol === 'https:' ? 443 : 80);
  const host = hostOf(url);
  const isTls = protocol === 'https:';
  const socket = isTls
    ? connectTls({ host, port: number, servername: isIP(host) === 0 ? host : '' })
    : connect({ host, port: number });
  try {
    const signal = AbortSignal.timeout(CONNECT_TIMEOUT_MS);
    await once(socket, isTls ? 'secureConnect' : 'connect', { signal });
    return {
      verdict: 'ok',
      code: 'RELAY_BACKEND',
      what: 'the backend of RELAY_URL accepts connections',
    };
  } catch (error) {
    const reason = codeOf(error);
    return {
      verdict: 'fault',
      code: 'RELAY_BACKEND_DOWN',
      what: `the backend of RELAY_URL does not accept connections at ${hostname}:${number} (${reason})`,
      advice: /CERT|SIGNED|ALTNAME/.test(reason)
        ? 'give the backend a certificate that Node.js trusts, or name its CA in NODE_EXTRA_CA_CERTS'
        : 'start it, or correct RELAY_URL; its callbacks wait in the journal meanwhile',
    };
  } finally {
    socket.destroy();
  }
}

/** @param state `null` before the first start with RELAY_URL. */
export function relayFinding(state: RelayState | null, maxAgeHours: number): Finding {
  if (state === null) {
    return { verdict: 'ok', code: 'RELAY', what: 'the relay has not started yet', advice: DOCS };
  }
  const { lag, oldestArrival, isRunning, asideLanes } = state;
  if (!isRunning) {
    return {
      verdict: 'warning',
      code: 'RELAY_NOT_RUNNING',
      what: `no process relays callbacks; ${lag} wait`,
      advice: 'start the service with RELAY_URL',
    };
  }
  const ageSeconds = oldestArrival === null ? 0 : Date.now() / 1000 - oldestArrival / 1e6;
  const what = `${lag} callbacks wait for the backend, the oldest for ${Math.round(ageSeconds)} s; ${asideLanes} groups are set aside`;
  if (ageSeconds < LATE_SECONDS) return { verdict: 'ok', code: 'RELAY', what };
  return {
    verdict: 'warning',
    code: 'RELAY_LAG',
    what,
    advice: `look at the log of the backend; callbacks are given up after ${maxAgeHours} h (RELAY_MAX_AGE_HOURS)`,
  };
}
