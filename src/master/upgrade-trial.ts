import { limitsOf } from '../config/limits.ts';
import { TsunicornError } from '../errors.ts';
import { endedInUpgrade, type ProcessEnd } from './boot-failure.ts';
import { activeConfig, type Master } from './master.ts';
import type { Pool, PoolWorker } from './pool.ts';

/**
 * What a new master (USR2) does while the old one waits for it: as the first worker of a reload, none of its workers is shown a client
 * until all were ready for `settleTime`, and one that fails before that ends the upgrade. So an upgrade that fails costs no request.
 */
export function startsQuiet(master: Master, pool: Pool, workerId: number): boolean {
  const quiet = master.oldMaster.waits() && settleMsOf(master, pool) > 0;
  if (quiet) master.quiet.add(workerId);
  return quiet;
}

/** To be called when all workers are ready. */
export function settleInUpgrade(master: Master, pool: Pool): void {
  if (master.oldMaster.waits()) setTimeout(() => master.inbox.push({ type: 'settled' }), settleMsOf(master, pool));
}

/** Shows clients to the workers that are ready for them; one that still boots is told when it is. */
export function admitQuiet(master: Master, pool: Pool): void {
  for (const { id, state } of pool.workers) {
    if (state.phase === 'ready' && master.quiet.delete(id)) master.crew.send(id, { type: 'admit' });
  }
}

/** When a worker has ended. One that nobody asked to leave ends the upgrade: there is somebody who serves on. */
export function giveUpUpgrade(master: Master, { state }: PoolWorker, end: ProcessEnd): void {
  if (!master.oldMaster.waits() || (state.phase !== 'booting' && state.phase !== 'ready')) return;
  const { code, text } = (state.phase === 'booting' ? master.lastBootFailure : null) ?? endedInUpgrade(end);
  master.fatal ??= new TsunicornError(code, `This master gives up, and the one before it serves on.\n\n${text}`);
}

function settleMsOf(master: Master, pool: Pool): number {
  return limitsOf(activeConfig(master, pool).config).settleMs;
}
