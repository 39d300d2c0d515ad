import { spawn } from 'node:child_process';
import { type CommandOptions, prepareCommand } from './command.ts';
import type { Exit } from './invariants.ts';
import { type LogReader, readLog } from './log.ts';
import { disown, own } from './owned.ts';
import { exitOf, within } from './spawned.ts';

/** A server within another program (`unshare`, `sh`), such that the pids in its log may be those of another namespace: nothing acts on them. */
export interface Wrapped {
  /** Of the wrapper; where that only makes ready and becomes the server, the master's. */
  readonly pid: number;
  readonly log: LogReader;
  /** Its working directory, for what a test wants to find again. */
  readonly dir: string;
  /** Waits for the end, which the test has asked for, and removes the folder. */
  ended(timeoutMs?: number): Promise<Exit>;
}

/** The server's command line is given to `wrapper` as further arguments. */
export function startWrapped(wrapper: readonly string[], options: CommandOptions): Wrapped {
  const command = prepareCommand(options);
  const [program = '', ...args] = [...wrapper, command.node, ...command.args];
  const child = spawn(program, args, { cwd: command.cwd, env: command.env, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = readLog(child.stderr);
  const stdout = readLog(child.stdout);
  const exit = exitOf(child, [log, stdout]);
  const owned = {
    label: `${program} ${child.pid}, which was not ended`,
    destroy() {
      child.kill('SIGKILL');
      command.remove();
    },
  };
  own(owned);
  return {
    pid: child.pid ?? 0,
    log,
    dir: command.dir,
    async ended(timeoutMs = 10_000) {
      try {
        return await within(exit, timeoutMs, `${program} did not end within ${timeoutMs} ms; ${log.tail()}`);
      } finally {
        owned.destroy();
        disown(owned);
      }
    },
  };
}

/** `unshare` with these namespaces; where this process is not root, in a user namespace in which it is. Its death takes along what it started. */
export function unshare(...namespaces: readonly string[]): string[] {
  const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  return ['unshare', ...asRoot, ...namespaces, '--fork', '--kill-child=SIGKILL'];
}
