import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A server to be measured: how to start it, and how its output says that it is up. */
export interface Contender {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The first group is the port. */
  readonly upWhen: RegExp;
}

/** A contender that runs. Whoever started it stops it. */
export interface Running {
  readonly port: number;
  readonly startedInMs: number;
  /** Resident memory in MiB of each process, the oldest first. */
  memoryMiB(): number[];
  stop(): Promise<void>;
}

const PATIENCE_MS = 20_000;

/** The absolute path of a file of the project. */
export function projectFile(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

/** Starts a contender and waits until it is up. Throws with its output when it does not come up. */
export async function start(contender: Contender): Promise<Running> {
  const [program = '', ...args] = contender.command;
  const startedMs = performance.now();
  const child = spawn(program, args, { env: { ...process.env, ...contender.env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const port = await portOf(child, contender);
  return {
    port,
    startedInMs: performance.now() - startedMs,
    memoryMiB: () => familyOf(child.pid ?? 0).map(residentMiB),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}

function portOf(child: ChildProcess, contender: Contender): Promise<number> {
  return new Promise((resolve, reject) => {
    const lines: string[] = [];
    let port = 0;
    const fail = () => reject(new Error(`${contender.name} did not start:\n${lines.join('\n')}`));
    const timer = setTimeout(fail, PATIENCE_MS);
    child.once('exit', fail);
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface(stream).on('line', (line) => {
        lines.push(line);
        port = Number(/127\.0\.0\.1:(\d+)/.exec(line)?.[1] ?? port);
        const match = contender.upWhen.exec(line);
        if (match === null) return;
        clearTimeout(timer);
        child.off('exit', fail);
        resolve(Number(match[1] ?? port));
      });
    }
  });
}

function familyOf(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(familyOf)];
}

function residentMiB(pid: number): number {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib ?? 0) / 1024;
}
