import type { WorkerMessage } from '../ipc/messages.ts';
import type { UpgradeNews } from './new-master.ts';
import type { MasterSignal } from './signals.ts';
import type { ServedConfig } from './sockets.ts';

/** Everything that can happen to a master. Whoever learns of it puts it here, and does nothing else. */
export type Report =
  | { readonly type: 'signal'; readonly name: MasterSignal }
  /** `message` is `null` when the worker sent something that is none. */
  | { readonly type: 'workerMessage'; readonly workerId: number; readonly message: WorkerMessage | null }
  /** It closed its channel, and did not end. */
  | { readonly type: 'workerUnreachable'; readonly workerId: number }
  | {
      readonly type: 'workerExited';
      readonly workerId: number;
      /** 0 when it never started. */
      readonly workerPid: number;
      readonly code: number | null;
      readonly signal: string | null;
      /** The process never started, and why. */
      readonly error?: Error;
    }
  | { readonly type: 'configLoaded'; readonly loaded: ServedConfig }
  | { readonly type: 'configRefused'; readonly faults: readonly string[] }
  | { readonly type: 'fileChanged'; readonly path: string }
  | { readonly type: 'upgrade'; readonly news: UpgradeNews }
  /** All workers of this new master were ready, and for `settleTime` since. */
  | { readonly type: 'settled' }
  /** The master that started this one is gone. */
  | { readonly type: 'oldMasterLeft'; readonly pid: number };

/** The one queue between the world and the arbiter. */
export interface Inbox {
  push(report: Report): void;
  /** Everything that came, as soon as there is something, or nothing after `withinMs`. Pending input is always looked at first. */
  take(withinMs: number): Promise<readonly Report[]>;
}

export function createInbox(): Inbox {
  let queue: Report[] = [];
  let wake: (() => void) | null = null;
  return {
    push(report) {
      queue.push(report);
      wake?.();
    },
    async take(withinMs) {
      if (withinMs > 0 && queue.length === 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, withinMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        wake = null;
      }
      // A poll phase lies before the next check phase: whatever the kernel holds by now, the heartbeats of all workers among it, is
      // read before anybody is found silent.
      await new Promise<void>((resolve) => setImmediate(resolve));
      const taken = queue;
      queue = [];
      return taken;
    },
  };
}
