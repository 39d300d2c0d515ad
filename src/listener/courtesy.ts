/** How long a high-water mark of connections holds. */
const MEMORY_MS = 1_000;
const cell = new Int32Array(new SharedArrayBuffer(4));

/**
 * Lets other workers have their share of a burst of connections. All workers wait on one socket, and whoever runs first may take the
 * whole burst before the kernel lets another one run: of 32 keep-alive connections over 2 workers, up to 32 and 0 were seen, and half the
 * throughput with it. A worker that is told after each accept and naps for the shortest time the kernel knows (about 55 µs) leaves the
 * next one to its siblings: 21 and 11 at worst.
 *
 * It naps only while its open connections reach a new height, so that short-lived connections do not pay for it.
 */
export function createCourtesy(context: { openConnections(): number; nowMs?(): number; nap?(): void }): {
  accepted(): void;
} {
  const { openConnections, nowMs = () => performance.now(), nap = napBriefly } = context;
  let highest = 0;
  let sinceMs = Number.NEGATIVE_INFINITY;
  return {
    accepted() {
      const open = openConnections();
      const now = nowMs();
      if (now - sinceMs > MEMORY_MS) {
        highest = open - 1;
        sinceMs = now;
      }
      if (open <= highest) return;
      highest = open;
      nap();
    },
  };
}

/** Node has no sched_yield(2): a futex that nobody wakes, for a time that the timer slack rounds up. */
function napBriefly(): void {
  Atomics.wait(cell, 0, 0, 0.001);
}
