import { callHook } from '../config/call-hook.ts';
import { messageOf, TsunicornError } from '../errors.ts';
import type { Logger } from '../logging/logger.ts';
import type { Hooks } from '../settings.ts';

type Call = () => unknown;

/** Runs the hooks of the master, one after the other. A hook that throws is logged with its name and hurts nobody else. */
export interface HookRunner {
  /** Runs the hook when those before it are done; nobody waits for it. */
  notify(name: keyof Hooks, call: Call): void;
  /** Resolves when the hook and those before it are done. */
  run(name: keyof Hooks, call: Call): Promise<void>;
}

export function createHookRunner(log: Pick<Logger, 'event'>): HookRunner {
  let last: Promise<void> = Promise.resolve();
  const run = (name: keyof Hooks, call: Call): Promise<void> => {
    last = last
      .then(async () => void (await callHook(call)))
      .catch((error: unknown) => log.event('hook.failed', { hook: name, error }));
    return last;
  };
  return { run, notify: (name, call) => void run(name, call) };
}

/** Runs a hook that the start depends on: what it throws stops the start. */
export async function runGate(hook: keyof Hooks, call: Call): Promise<void> {
  try {
    await callHook(call);
  } catch (cause) {
    const message = `The hook "${hook}" threw, so the server does not start: ${messageOf(cause)}`;
    throw new TsunicornError('HOOK_FAILED', message, { cause });
  }
}
