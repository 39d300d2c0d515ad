import type { Logger } from '../logging/logger.ts';
import { openNotifyChannel } from '../os/notify.ts';
import type { NotifyTarget } from '../os/service-manager.ts';
import { noticesOf, toldNothing } from './notices.ts';
import type { Pool } from './pool.ts';

const SHORTEST_WATCHDOG_MS = 50;

/** Keeps the service manager informed (sd_notify(3)); without one it does nothing. */
export interface Notifier {
  /**
   * Tells what is new about the pool, and, when it is time, that the arbiter lives. The arbiter calls it in each turn of its loop, so that
   * one that hangs is noticed.
   *
   * @returns within how many milliseconds it must look again.
   */
  look(pool: Pool, nowMs: number): number;
  /**
   * In an upgrade (USR2), when the old master is told to leave: the service manager hears who the master is now, and of this one only that
   * it lives. `STOPPING=1` would be taken for the end of the service.
   */
  handOver(masterPid: number): void;
  /** In an upgrade, when the old master has left: from now on this one speaks for the service. */
  takeOver(): void;
  /** What a new master (USR2) must find in its environment to notify in turn. */
  readonly environment: Readonly<Record<string, string>>;
  /** Lets what waits be sent, for a second at most. No process is left. */
  close(): Promise<void>;
}

const mute: Notifier = {
  look: () => Number.POSITIVE_INFINITY,
  handOver: () => {},
  takeOver: () => {},
  environment: {},
  close: () => Promise.resolve(),
};

/** @param role `'newMaster'`: until it takes over, another one speaks for the service. */
export function createNotifier(
  target: NotifyTarget | null,
  { log, role = 'master' }: { log: Pick<Logger, 'event'>; role?: 'master' | 'newMaster' },
): Notifier {
  if (target === null) return mute;
  const { socket, watchdogMs } = target;
  const channel = openNotifyChannel(socket, { onFault: (fault) => log.event('notify.failed', { ...fault }) });
  const everyMs = watchdogMs === null ? Number.POSITIVE_INFINITY : Math.max(SHORTEST_WATCHDOG_MS, watchdogMs / 2);
  let aliveAtMs = Number.NEGATIVE_INFINITY;
  let told = toldNothing;
  let speaks = role === 'master';
  const tell = (pool: Pool, nowMs: number): void => {
    const news = noticesOf(told, pool, { nowMs, monotonicUsec: process.hrtime.bigint() / 1_000n });
    told = news.told;
    for (const notice of news.notices) channel.send(notice);
  };
  return {
    look(pool, nowMs) {
      if (speaks) tell(pool, nowMs);
      if (watchdogMs === null) return everyMs;
      if (nowMs >= aliveAtMs + everyMs) {
        channel.send({ WATCHDOG: '1' });
        aliveAtMs = nowMs;
      }
      return aliveAtMs + everyMs - nowMs;
    },
    handOver(masterPid) {
      channel.send({ MAINPID: String(masterPid) });
      speaks = false;
    },
    takeOver() {
      if (!speaks) channel.send({ MAINPID: String(process.pid) });
      speaks = true;
    },
    environment: {
      NOTIFY_SOCKET: socket,
      // Without WATCHDOG_PID it is for whoever reads it.
      ...(watchdogMs === null ? {} : { WATCHDOG_USEC: String(Math.round(watchdogMs * 1_000)) }),
    },
    close: () => channel.close(),
  };
}
