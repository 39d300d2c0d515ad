import { spawn } from 'node:child_process';
import { type CommandOptions, prepareCommand } from './command.ts';
import { eventually } from './eventually.ts';
import { followFamily } from './family.ts';
import type { Exit } from './invariants.ts';
import { type LogLine, readLog } from './log.ts';
import { disown, own } from './owned.ts';
import { exitOf, within } from './spawned.ts';

/** A run that ends by itself. */
export interface RunOptions extends CommandOptions {
  /** Default 20 000. */
  readonly timeoutMs?: number;
  /**
   * What may be left when it has ended. `'nothing'` (default): a process that still runs is killed and the run rejects. `'a daemon'`:
   * `result.left` names the processes; they are the test's to stop, and it says so with `result.ended()`.
   */
  readonly leaves?: 'nothing' | 'a daemon';
}

/** What came of a run. */
export interface RunResult extends Exit {
  readonly stdout: string;
  readonly stderr: string;
  /** The parsed lines of `stderr`. */
  readonly log: readonly LogLine[];
  readonly durationMs: number;
  /** Pids that the run left; empty unless it leaves `'a daemon'`. */
  readonly left: readonly number[];
  /** Waits for the end of what was left, and removes the temporary folder. */
  ended(): Promise<void>;
}

/** Runs `dist/bin.js` until it ends by itself: `--version`, `--check-config`, whatever must fail. Rejects past the time limit. */
export async function runServer(options: RunOptions = {}): Promise<RunResult> {
  const { timeoutMs = 20_000, leaves = 'nothing' } = options;
  const command = prepareCommand(options);
  const beganMs = performance.now();
  const child = spawn(command.node, command.args, {
    cwd: command.cwd,
    env: command.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const family = followFamily(child.pid ?? 0, command.mark);
  const log = readLog(child.stderr, ({ pid, workerPid = pid }) => {
    family.note(pid);
    family.note(workerPid);
  });
  const stdout = readLog(child.stdout);
  const label = `run ${child.pid} (${command.args.slice(1).join(' ')})`;
  const owned = {
    label,
    destroy() {
      family.kill();
      command.remove();
    },
  };
  own(owned);
  let keeps = false;
  try {
    const exit = await within(exitOf(child, [log, stdout]), timeoutMs, `${label} did not end within ${timeoutMs} ms`);
    const left = family.alive();
    keeps = leaves === 'a daemon' && left.length > 0;
    if (left.length > 0 && !keeps) throw new Error(`${label} ended and left processes: ${left.join(', ')}`);
    return {
      ...exit,
      stdout: stdout.text,
      stderr: log.text,
      log: log.lines,
      left,
      async ended() {
        await eventually(() => family.alive().length === 0, { timeoutMs, until: `${label} left nothing` });
        owned.destroy();
        disown(owned);
      },
      durationMs: performance.now() - beganMs,
    };
  } catch (thrown) {
    if (thrown instanceof Error) thrown.message = `${thrown.message}\n${log.tail()}`;
    throw thrown;
  } finally {
    if (!keeps) {
      owned.destroy();
      disown(owned);
    }
  }
}
