import { existsSync } from 'node:fs';
import { parseNewMasterMessage } from '../ipc/upgrade-messages.ts';
import { describeInheritance, INHERITANCE_VARIABLE } from '../listener/inheritance.ts';
import type { StartedAs } from '../os/started-as.ts';
import { FIRST_INHERITED_FD, type OwnedProcess, type ProcessEvents, type System } from '../os/system.ts';
import type { Inbox } from './inbox.ts';
import type { Sockets } from './sockets.ts';
import { stepUpgrade, type Upgrade, type UpgradeEvent } from './upgrade-state.ts';

/** A new master answers at once, unless it is busy with what blocks its event loop, such as a large configuration. */
const ANSWER_WITHIN_MS = 5_000;

/** What comes of a new master. */
export type UpgradeNews =
  | { readonly type: 'prepared' }
  | { readonly type: 'ready' }
  | { readonly type: 'overdue' }
  | ({ readonly type: 'exited' } & Parameters<ProcessEvents['onExit']>[0]);

export interface StartOptions {
  readonly readyWithinMs: number;
  /** See `LoadRequest`. */
  readonly passedSockets: readonly string[];
  /** Beside the environment that this master was started with. */
  readonly env: Readonly<Record<string, string>>;
}

/** The new master of an upgrade (USR2), as long as there is one, and how far the upgrade has come. */
export interface NewMaster {
  readonly upgrade: Upgrade;
  step(event: UpgradeEvent): void;
  /** Whether there is a process that is not yet reaped. */
  isThere(): boolean;
  /** Starts it with all sockets; what becomes of it comes through the inbox. */
  start(sockets: Pick<Sockets, 'passOn' | 'withheldFds'>, options: StartOptions): void;
  end(name: 'SIGTERM' | 'SIGKILL'): void;
  /**
   * Before this master leaves: from then on the new one removes what both use. Resolves with its pid, or with `null` where there is none any
   * more. Of two that leave at the same time so exactly one removes it.
   */
  handOver(): Promise<number | null>;
}

/** Starts nothing yet. */
export function createNewMaster(context: {
  readonly system: Pick<System, 'spawn'>;
  readonly inbox: Pick<Inbox, 'push'>;
  readonly startedAs: StartedAs;
}): NewMaster {
  const { system, inbox, startedAs } = context;
  let upgrade: Upgrade = { phase: 'none' };
  let running: OwnedProcess | null = null;
  let timer: NodeJS.Timeout | undefined;
  let settle = () => {};
  const push = (news: UpgradeNews) => inbox.push({ type: 'upgrade', news });
  const hear = (raw: unknown) => {
    const message = parseNewMasterMessage(raw);
    if (message?.type === 'ready') push({ type: 'ready' });
    else if (message?.type === 'takenOver') settle();
  };
  return {
    get upgrade() {
      return upgrade;
    },
    step(event) {
      upgrade = stepUpgrade(upgrade, event);
    },
    isThere: () => running !== null,
    start(sockets, { readyWithinMs, passedSockets, env }) {
      const { node, script, args, cwd } = startedAs;
      const held = sockets.passOn();
      const inheritance = describeInheritance(held, {
        ...{ parentPid: process.pid, firstFd: FIRST_INHERITED_FD, passed: passedSockets },
      });
      const started = system.spawn(
        {
          ...{ node, script, args, cwd, env: { ...startedAs.env, ...env, [INHERITANCE_VARIABLE]: inheritance } },
          inheritFds: held.map(({ listener }) => listener.fd),
          withholdFds: sockets.withheldFds(),
          stdin: 'inherit',
        },
        {
          onMessage: hear,
          onExit: (exit) => {
            running = null;
            clearTimeout(timer);
            settle();
            push({ type: 'exited', ...exit });
          },
        },
      );
      running = started;
      // After a poll phase: what it has said by now counts first, also when this process stood still.
      timer = setTimeout(() => setImmediate(push, { type: 'overdue' }), readyWithinMs);
      upgrade = stepUpgrade(upgrade, { type: 'spawned', pid: started.pid });
    },
    end: (name) => running?.signal(name),
    handOver() {
      if (running === null) return Promise.resolve(null);
      running.send({ type: 'handOver' });
      return new Promise((resolve) => {
        settle = () => resolve(running?.pid ?? null);
        setTimeout(settle, ANSWER_WITHIN_MS).unref();
      });
    },
  };
}

/** Why the operating system did not start it, if that can be told from what is there. */
export function startFault({ node, script, cwd }: StartedAs): string | null {
  if (!existsSync(cwd)) return `the directory ${cwd}, in which this server was started, is not there`;
  if (!existsSync(node)) return `there is no ${node}, the Node.js that this server was started with`;
  return existsSync(script) ? null : `there is no ${script}, which this server was started from`;
}
