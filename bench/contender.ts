import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { familyOf, isAlive } from './family.ts';

/**
 * What a server runs; a scenario needs one of them. There is one WSGI application, and two sizes of the servers for it: `wsgi-waiting` is for
 * views that wait, and so for more processes.
 */
export type Application = 'javascript' | 'wsgi' | 'wsgi-waiting';

/** A server to be measured: how to start it, and how its output says that it is up. */
export interface Contender {
  readonly id: string;
  /** As sentences name it. */
  readonly title: string;
  /** As tables name it, beside the one that it is compared with. */
  readonly short: string;
  /** How many processes answer requests. */
  readonly processes: number;
  readonly application: Application;
  /** Asked for when it is started, since a peer's program may have to be installed first. */
  command(nodeFlags: readonly string[]): readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** An environment variable that names a directory of its own, which goes when the contender stops. */
  readonly homeVariable?: string;
  /** The first group, or else the last address seen, is the port. */
  readonly upWhen: RegExp;
  /** How often `upWhen` is printed until the contender is up. */
  readonly upTimes?: number;
}

/** A contender that runs. */
export interface Running {
  readonly port: number;
  readonly startedInMs: number;
  /** The process ids of its processes, the oldest first. */
  pids(): number[];
  stop(): Promise<void>;
}

/** Where contenders run. Whoever opened it closes it, and so stops all that still run; none starts after that. */
export interface Stage {
  start(contender: Contender, options?: { nodeFlags?: readonly string[] }): Promise<Running>;
  close(): Promise<void>;
}

const START_PATIENCE_MS = 20_000;
const STOP_PATIENCE_MS = 10_000;

/** The absolute path of a file of the project. */
export function projectFile(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

export function openStage(): Stage {
  const running = new Set<() => Promise<void>>();
  let closed = false;
  return {
    async start(contender, { nodeFlags = [] } = {}) {
      if (closed) throw new Error('The benchmarks are being stopped.');
      const home = contender.homeVariable === undefined ? null : mkdtempSync(join(tmpdir(), 'tsunicorn-bench-'));
      const [program = '', ...args] = contender.command(nodeFlags);
      const env = {
        ...process.env,
        ...contender.env,
        ...(home === null ? {} : { [contender.homeVariable ?? '']: home }),
      };
      const startedMs = performance.now();
      const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
      const stop = async () => {
        if (!running.delete(stop)) return;
        await stopFamily(child);
        if (home !== null) rmSync(home, { recursive: true, force: true });
      };
      running.add(stop);
      try {
        const port = await portOf(child, contender);
        return { port, startedInMs: performance.now() - startedMs, pids: () => familyOf(child.pid ?? 0), stop };
      } catch (error) {
        await stop();
        throw error;
      }
    },
    async close() {
      closed = true;
      await Promise.all([...running].map((stop) => stop()));
    },
  };
}

/** Asks the oldest process to stop, and kills what is left of its family when that takes too long. */
async function stopFamily(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const family = familyOf(child.pid);
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const patience = setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE_MS);
  await gone;
  clearTimeout(patience);
  for (const pid of family.filter(isAlive)) process.kill(pid, 'SIGKILL');
}

function portOf(child: ChildProcess, contender: Contender): Promise<number> {
  return new Promise((resolve, reject) => {
    const lines: string[] = [];
    let port = 0;
    let missing = contender.upTimes ?? 1;
    const fail = () => reject(new Error(`${contender.title} did not start. It said:\n${lines.join('\n')}`));
    const timer = setTimeout(fail, START_PATIENCE_MS);
    child.once('error', (error) => reject(new Error(`${contender.title} did not start: ${error.message}`)));
    child.once('exit', fail);
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface(stream).on('line', (line) => {
        lines.push(line);
        port = Number(/127\.0\.0\.1:(\d+)/.exec(line)?.[1] ?? port);
        const match = contender.upWhen.exec(line);
        if (match === null) return;
        missing -= 1;
        if (missing > 0) return;
        clearTimeout(timer);
        child.off('exit', fail);
        resolve(Number(match[1] ?? port));
      });
    }
  });
}
