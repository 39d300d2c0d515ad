import { unreachable } from '../errors.ts';
import type { Pool } from './pool.ts';

/** How far an upgrade (USR2) has come, as the old master sees it. */
export type Upgrade =
  | { readonly phase: 'none' }
  /** The hook runs; there is no process yet. */
  | { readonly phase: 'preparing' }
  | { readonly phase: 'starting'; readonly pid: number }
  /** The new master is ready, and both serve. */
  | { readonly phase: 'running'; readonly pid: number }
  /** It was not ready in time, and was told to leave. */
  | { readonly phase: 'ending'; readonly pid: number };

export type UpgradeEvent =
  | { readonly type: 'requested' }
  | { readonly type: 'spawned'; readonly pid: number }
  | { readonly type: 'ready' }
  | { readonly type: 'overdue' }
  /** The new master is gone, or never came to be. */
  | { readonly type: 'over' };

/** What comes too late to matter changes nothing. */
export function stepUpgrade(upgrade: Upgrade, event: UpgradeEvent): Upgrade {
  switch (event.type) {
    case 'requested':
      return upgrade.phase === 'none' ? { phase: 'preparing' } : upgrade;
    case 'spawned':
      return upgrade.phase === 'preparing' ? { phase: 'starting', pid: event.pid } : upgrade;
    case 'ready':
      return upgrade.phase === 'starting' ? { phase: 'running', pid: upgrade.pid } : upgrade;
    case 'overdue':
      return upgrade.phase === 'starting' ? { phase: 'ending', pid: upgrade.pid } : upgrade;
    case 'over':
      return { phase: 'none' };
    default:
      return unreachable(event);
  }
}

/** Why USR2 is refused, as the end of a sentence; `null`: it is not. */
export function upgradeRefusal(facts: { upgrade: Upgrade; pool: Pool; oldMasterPid: number | null }): string | null {
  const { upgrade, pool, oldMasterPid } = facts;
  if (pool.stop.mode !== 'none') return 'the server is stopping';
  switch (upgrade.phase) {
    case 'none':
      break;
    case 'preparing':
      return 'another upgrade begins at this moment';
    case 'starting':
    case 'ending':
      return `the new master (process ${upgrade.pid}) of another upgrade is on its way: wait for what becomes of it`;
    case 'running':
      return `the new master (process ${upgrade.pid}) of another upgrade runs: stop this one, or that one, first`;
    default:
      return unreachable(upgrade);
  }
  if (oldMasterPid !== null) return `the master before this one (process ${oldMasterPid}) still runs: stop it first`;
  if (pool.reload.phase !== 'idle') return 'a reload is under way: send USR2 again when it is done';
  // Before that nobody listens on the sockets.
  return pool.everReady ? null : 'no worker was ready yet';
}

/** Why HUP is refused; `null`: it is not. What the new master was given must stay as it is. */
export function reloadRefusal(upgrade: Upgrade): string | null {
  return upgrade.phase === 'none'
    ? null
    : 'an upgrade is under way: reload the new master, or stop one of the two first';
}

/** Why WINCH is refused; `null`: it is not. */
export function restRefusal(pool: Pool): string | null {
  if (pool.stop.mode !== 'none') return 'the server is stopping';
  if (!pool.everReady) return 'no worker was ready yet';
  return pool.reload.phase === 'idle' ? null : 'a reload is under way: send WINCH again when it is done';
}
