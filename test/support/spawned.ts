import type { ChildProcess } from 'node:child_process';
import type { Exit } from './invariants.ts';
import type { LogReader } from './log.ts';

/** A grandchild that still holds the pipe must not keep a test waiting for the end of the log. */
const DRAIN_WITHIN_MS = 500;

/** Resolves when the process has ended and what it wrote has been read. Never rejects. */
export async function exitOf(child: ChildProcess, outputs: readonly LogReader[]): Promise<Exit> {
  const exit = await new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
  const ended = Promise.all(outputs.map((output) => output.ended));
  await within(ended, DRAIN_WITHIN_MS, 'a pipe is still open').catch(() => {});
  return exit;
}

/** The promise, or an error with `otherwise` once the time is over. */
export async function within<T>(promise: Promise<T>, timeoutMs: number, otherwise: string): Promise<T> {
  const failure = new Error(otherwise);
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(failure), timeoutMs);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}
