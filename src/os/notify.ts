import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { errnoOf, unreachable } from '../errors.ts';

/** What a service manager is told at once: variables of sd_notify(3), such as `{ READY: '1', STATUS: '4 workers ready' }`. */
export type Notice = Readonly<Record<string, string>>;

/** Why a notice did not get through, and what to do. */
export interface NotifyFault {
  readonly reason: string;
  readonly advice: string;
}

export interface NotifyChannel {
  /** Sends a notice when those before it are sent. Nothing is thrown. */
  send(notice: Notice): void;
  /** Sends what still waits, for a short while, then ends what runs. Nothing is sent after it. */
  close(): Promise<void>;
}

const PROGRAM = 'systemd-notify';
/** It waits for the manager itself, for 5 s at most. */
const SEND_WITHIN_MS = 6_000;
const CLOSE_WITHIN_MS = 1_000;
/** A manager that does not listen must not fill our memory. What came last is what counts. */
const MOST_WAITING = 8;
const LONGEST_REASON = 300;
/** What says how things are, in difference to what happened: it need not have a message of its own. */
const CONDITIONS: readonly string[] = ['STATUS', 'WATCHDOG'];

/**
 * A channel to the service manager (sd_notify(3)). Node has no datagram sockets in the unix domain, so each notice is sent by the program
 * `systemd-notify`, one after the other. It stays until the manager has read the notice: so the manager still finds the sender, and that
 * it belongs to the unit.
 *
 * @param onFault hears of the first notice that did not get through, and of no other.
 */
export function openNotifyChannel(
  socket: string,
  { onFault, program = PROGRAM }: { onFault(fault: NotifyFault): void; program?: string },
): NotifyChannel {
  let waiting: Notice[] = [];
  let running: { readonly child: ChildProcess; readonly done: Promise<void> } | null = null;
  let state: 'open' | 'useless' | 'closed' = 'open';
  let complained = false;

  const complain = (fault: NotifyFault) => {
    if (!complained) onFault(fault);
    complained = true;
  };
  const run = (notice: Notice, { isAgain }: { isAgain: boolean }): void => {
    const child = start(program, { socket, notice });
    const done = outcomeOf(child).then((outcome) => {
      running = null;
      // Whoever signals a whole control group, or presses Ctrl-C, meets it too.
      if (outcome.type === 'signalled' && !isAgain && state === 'open') return run(notice, { isAgain: true });
      if (outcome.type === 'missing') {
        state = 'useless';
        waiting = [];
      }
      const fault = faultOf(outcome, program);
      if (fault !== null && state !== 'closed') complain(fault);
      runNext();
    });
    running = { child, done };
  };
  const runNext = (): void => {
    const notice = waiting.shift();
    if (notice !== undefined) run(notice, { isAgain: false });
  };
  const whenIdle = async (): Promise<void> => {
    while (running !== null) await running.done;
  };

  return {
    send(notice) {
      if (state !== 'open') return;
      waiting = joined(waiting, notice);
      if (running === null) runNext();
    },
    async close() {
      await Promise.race([whenIdle(), delay(CLOSE_WITHIN_MS, undefined, { ref: false })]);
      state = 'closed';
      waiting = [];
      running?.child.kill('SIGKILL');
      await running?.done;
    },
  };
}

/** The queue with one more notice. What only says how things are goes with the notice before it, and takes the place of what that said. */
export function joined(waiting: readonly Notice[], notice: Notice): Notice[] {
  const last = waiting.at(-1);
  const isCondition = Object.keys(notice).every((name) => CONDITIONS.includes(name));
  if (last !== undefined && isCondition) return [...waiting.slice(0, -1), { ...last, ...notice }];
  return [...waiting, notice].slice(-MOST_WAITING);
}

function start(program: string, { socket, notice }: { socket: string; notice: Notice }): ChildProcess {
  const assignments = Object.entries(notice).map(([name, value]) => `${name}=${value}`);
  const { PATH } = process.env;
  return spawn(program, assignments, { env: { PATH, NOTIFY_SOCKET: socket }, stdio: ['ignore', 'ignore', 'pipe'] });
}

/** How an attempt to send ended. */
type Outcome =
  | { readonly type: 'sent' }
  /** There is no such program. */
  | { readonly type: 'missing' }
  | { readonly type: 'late' }
  /** By somebody else. */
  | { readonly type: 'signalled'; readonly signal: string }
  | { readonly type: 'failed'; readonly reason: string };

function outcomeOf(child: ChildProcess): Promise<Outcome> {
  return new Promise((resolve) => {
    let said = '';
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, SEND_WITHIN_MS);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(0, LONGEST_REASON);
    });
    const end = (outcome: Outcome) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    child.once('error', (error) => {
      if (errnoOf(error) === 'ENOENT') end({ type: 'missing' });
      // Later it is a signal that came too late.
      else if (child.pid === undefined) end({ type: 'failed', reason: error.message });
    });
    child.once('close', (code, signal) => {
      if (code === 0) end({ type: 'sent' });
      else if (isLate) end({ type: 'late' });
      else if (signal !== null) end({ type: 'signalled', signal });
      else end({ type: 'failed', reason: said.trim() || `${PROGRAM} ended with code ${code}` });
    });
  });
}

function faultOf(outcome: Outcome, program: string): NotifyFault | null {
  const advice = 'the unit needs Type=notify and NotifyAccess=all';
  switch (outcome.type) {
    case 'sent':
      return null;
    case 'missing':
      return {
        reason: `there is no program ${program}`,
        advice: 'install it (Debian: apt-get install systemd), or write Type=exec into the unit',
      };
    case 'late':
      return { reason: `the service manager did not read a notice within ${SEND_WITHIN_MS / 1000} s`, advice };
    case 'signalled':
      return { reason: `${program} was ended by ${outcome.signal}`, advice };
    case 'failed':
      return { reason: outcome.reason, advice };
    default:
      return unreachable(outcome);
  }
}
