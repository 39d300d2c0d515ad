import { processState } from './process-state.ts';

/** Looks after a process for as long as something is awaited from it. */
export interface Vigil {
  /** Until it settles, the process has something to do. */
  until(awaited: Promise<unknown>): void;
  /** Looks no more. */
  end(): void;
}

export interface VigilOptions {
  readonly pid: number;
  /** Called once, when the process was seen stopped `LOOKS` times in a row while something was awaited. */
  onStopped(): void;
  /** Default 500. */
  readonly everyMs?: number;
}

const EVERY_MS = 500;
/**
 * Looks are counted, not time: of a machine that sleeps, or a group that a terminal stops, the watcher is late itself, and the first look
 * after it may still find a process that is about to go on.
 */
const LOOKS = 4;

/**
 * A process that SIGSTOP stopped answers nothing and ends nothing, and needs no patience: no load of the machine looks like that (the state
 * `T` of proc_pid_stat(5)). One that is merely slow has another state, and so has one that a debugger holds.
 */
export function createVigil({ pid, onStopped, everyMs = EVERY_MS }: VigilOptions): Vigil {
  let awaited = 0;
  let seenStopped = 0;
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;

  function look(): void {
    seenStopped = processState(pid) === 'T' ? seenStopped + 1 : 0;
    if (seenStopped < LOOKS) return;
    end();
    onStopped();
  }
  function rest(): void {
    clearInterval(timer);
    timer = undefined;
    seenStopped = 0;
  }
  function end(): void {
    isOver = true;
    rest();
  }
  function settled(): void {
    awaited -= 1;
    if (awaited === 0) rest();
  }

  return {
    until(promise) {
      awaited += 1;
      if (!isOver) timer ??= setInterval(look, everyMs).unref();
      promise.then(settled, settled);
    },
    end,
  };
}
