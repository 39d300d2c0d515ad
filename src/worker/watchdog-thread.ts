import { workerData } from 'node:worker_threads';
import { reportStall } from './stall.ts';
import type { WatchdogOrder } from './watchdog.ts';

/*
 * The entry of the thread that `watchdog.ts` starts. It sleeps, and is woken by each heartbeat of the main thread; when none comes it finds out
 * where the main thread is stuck, and tells the master.
 */
const order: WatchdogOrder = workerData;
const { beats, quietMs, glanceMs } = order;

for (;;) {
  const seen = Atomics.load(beats, 0);
  if (Atomics.wait(beats, 0, seen, quietMs) !== 'timed-out') continue;
  if (Atomics.wait(beats, 0, seen, glanceMs) !== 'timed-out') continue;
  await reportStall(order, () => Atomics.load(beats, 0) === seen);
  // Once for each silence.
  Atomics.wait(beats, 0, seen);
}
