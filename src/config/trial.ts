import { Worker } from 'node:worker_threads';
import { messageOf } from '../errors.ts';
import type { ConfigFile } from './config-file.ts';
import { evaluateConfig } from './evaluate.ts';

/** What a trial says of a config file. */
export type TrialVerdict = { readonly usable: true } | { readonly usable: false; readonly why: string };

const LOOK_EVERY_MS = 200;

/** Runs beside the file, which may keep the main thread busy for ever, and so holds when nothing else does. */
const WATCHDOG = `
  const { parentPid, everyMs } = require('node:worker_threads').workerData;
  setInterval(() => {
    if (process.ppid !== parentPid) process.kill(process.pid, 'SIGKILL');
  }, everyMs);
`;

/*
 * The entry of a process that evaluates one config file, which the master sends; `master/config-trial.ts` names this file. The process
 * says whether the file can be used, and ends. It does not outlive the master, whatever the file does.
 */
process.on('disconnect', () => process.exit(1));
// A signal that is meant for the master, and is sent to all processes of its group.
for (const name of ['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) process.on(name, () => {});
process.on('message', (raw: unknown) => {
  if (isConfigFile(raw)) void judge(raw);
});

async function judge(file: ConfigFile): Promise<void> {
  await watchParent();
  let verdict: TrialVerdict = { usable: true };
  try {
    await evaluateConfig(file);
  } catch (error) {
    verdict = { usable: false, why: messageOf(error) };
  }
  // What the file opened and left open must not keep the process.
  process.send?.(verdict, undefined, {}, () => process.exit(0));
}

function watchParent(): Promise<void> {
  const workerData = { parentPid: process.ppid, everyMs: LOOK_EVERY_MS };
  const watchdog = new Worker(WATCHDOG, { eval: true, workerData });
  return new Promise((resolve) => watchdog.once('online', resolve));
}

function isConfigFile(raw: unknown): raw is ConfigFile {
  if (typeof raw !== 'object' || raw === null || !('path' in raw) || !('source' in raw)) return false;
  return typeof raw.path === 'string' && typeof raw.source === 'string';
}
