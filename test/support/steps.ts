// How the event loop of this process runs: what a step of it takes itself, and what others take from it. The
// service runs in the process of its test, and others may load the machine.
const INTERVAL_MS = 5;

export interface Steps {
  /** CPU time of the longest step, in milliseconds. */
  readonly busiest: number;
  /** The longest that the process was not let run, in milliseconds. */
  readonly heldUp: number;
}

/** Watches until what it gives back is called. */
export function watchSteps(): () => Steps {
  let busiest = 0;
  let heldUp = 0;
  let at = performance.now();
  let cpu = process.cpuUsage();
  const look = (): void => {
    const { user, system } = process.cpuUsage(cpu);
    const busy = (user + system) / 1_000;
    busiest = Math.max(busiest, busy);
    heldUp = Math.max(heldUp, performance.now() - at - busy - INTERVAL_MS);
    at = performance.now();
    cpu = process.cpuUsage();
  };
  const timer = setInterval(look, INTERVAL_MS);
  return () => {
    look();
    clearInterval(timer);
    return { busiest, heldUp };
  };
}
