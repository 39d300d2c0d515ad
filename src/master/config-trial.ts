import { fileURLToPath } from 'node:url';
import type { ConfigFile } from '../config/config-file.ts';
import { isScript } from '../config/evaluate.ts';
import type { TrialVerdict } from '../config/trial.ts';
import { TsunicornError } from '../errors.ts';
import type { ProcessEvents, System } from '../os/system.ts';

const TRIAL_SCRIPT = fileURLToPath(new URL('../config/trial.js', import.meta.url));

/** Where a trial takes place, and how long it may take. */
export interface TrialContext {
  readonly system: Pick<System, 'spawn'>;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** See `ProcessSpec`. */
  readonly withholdFds: readonly number[];
  /** From the start of the process to its end. */
  readonly limitMs: number;
}

/** How the process of a trial ended, and what it said before, if anything. */
type TrialEnd = Parameters<ProcessEvents['onExit']>[0] & {
  readonly verdict: TrialVerdict | null;
  readonly isOverdue: boolean;
};

/**
 * Evaluates a config file in a process of its own, before the master does, which needs the functions in it: a file that loops for ever or
 * ends its process would take a running server down. Files that are no programs are not tried.
 *
 * @throws TsunicornError `CONFIG_UNREADABLE`, as the evaluation itself does
 */
export async function tryConfigFile(file: ConfigFile, context: TrialContext): Promise<void> {
  if (!isScript(file)) return;
  const end = await runTrial(file, context);
  const why = faultOf(file, end, context);
  if (why !== null) throw new TsunicornError('CONFIG_UNREADABLE', why);
}

function runTrial({ path, source }: ConfigFile, context: TrialContext): Promise<TrialEnd> {
  const { system, cwd, env, withholdFds, limitMs } = context;
  return new Promise((resolve) => {
    let verdict: TrialVerdict | null = null;
    let isOverdue = false;
    const trial = system.spawn(
      { script: TRIAL_SCRIPT, cwd, env, inheritFds: [], withholdFds },
      {
        onMessage: (raw) => {
          verdict ??= parseVerdict(raw);
        },
        onExit: (exit) => {
          clearTimeout(timer);
          resolve({ ...exit, verdict, isOverdue });
        },
      },
    );
    const timer = setTimeout(() => {
      isOverdue = true;
      trial.signal('SIGKILL');
    }, limitMs);
    trial.send({ path, source });
  });
}

function faultOf({ path }: ConfigFile, end: TrialEnd, { limitMs }: TrialContext): string | null {
  const { verdict, isOverdue, error, signal, code } = end;
  const because = (why: string) => `Cannot use the config file ${path}: ${why}`;
  if (verdict !== null) return verdict.usable ? null : verdict.why;
  if (isOverdue) {
    return because(
      `it was still being evaluated after ${limitMs / 1000} s (bootTimeout). Look for a loop without an end or for what it waits for, or allow it more time.`,
    );
  }
  if (error !== undefined) return because(`the process to try it in could not be started: ${error.message}.`);
  if (signal !== null) return because(`the process that evaluated it was ended by ${signal}. Reload again.`);
  return because(
    `it ended the process that evaluated it (exit code ${code}). Something in it calls process.exit, or throws where nobody catches it.`,
  );
}

function parseVerdict(raw: unknown): TrialVerdict | null {
  if (typeof raw !== 'object' || raw === null || !('usable' in raw)) return null;
  if (raw.usable === true) return { usable: true };
  return 'why' in raw && typeof raw.why === 'string' ? { usable: false, why: raw.why } : null;
}
