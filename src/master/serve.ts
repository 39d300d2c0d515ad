import { randomBytes } from 'node:crypto';
import { type LoadRequest, loadConfig } from '../config/load.ts';
import { TsunicornError } from '../errors.ts';
import { addressUrl, parseBind } from '../listener/address.ts';
import type { Inheritance } from '../listener/inheritance.ts';
import { createLogger, type Logger } from '../logging/logger.ts';
import { nodeLineFault } from '../os/node-line.ts';
import { packageVersion } from '../os/package.ts';
import type { NotifyTarget } from '../os/service-manager.ts';
import type { StartedAs } from '../os/started-as.ts';
import type { System } from '../os/system.ts';
import { masterTitle } from '../os/title.ts';
import { runArbiter } from './arbiter.ts';
import { createCrew } from './crew.ts';
import { createHookRunner, runGate } from './hook-runner.ts';
import { createInbox, type Inbox } from './inbox.ts';
import { createLoopLog } from './loop-log.ts';
import { activeConfig, activeServerInfo, type Master, serverInfo } from './master.ts';
import { createNewMaster, type NewMaster, startFault } from './new-master.ts';
import { createNotifier, type Notifier } from './notifier.ts';
import { followOldMaster, type OldMaster } from './old-master.ts';
import { type PidName, takePidName } from './pid-name.ts';
import { createPool, FIRST_GENERATION } from './pool.ts';
import { tellOfRoot } from './root-warnings.ts';
import { listenForSignals } from './signals.ts';
import { createSockets, type ServedConfig, type Sockets } from './sockets.ts';
import { surviveUncaught } from './uncaught.ts';
import { bindAddresses, type VettedConfig, vetted } from './vet.ts';
import { watchFiles } from './watch.ts';

/** Where a server comes from. */
export interface Origin {
  readonly system: System;
  /** What an upgrade starts again. */
  readonly startedAs: StartedAs;
  /** `null`: no other master has started this one. */
  readonly inheritance: Inheritance | null;
  /** The service manager; `null`: nobody waits for a word. */
  readonly notify: NotifyTarget | null;
}

/** What a server is made of before it has workers. */
interface Foundation {
  readonly request: LoadRequest;
  readonly origin: Origin;
  readonly inbox: Inbox;
  readonly log: Logger;
  readonly sockets: Sockets;
  readonly oldMaster: OldMaster;
  readonly newMaster: NewMaster;
  readonly pidName: PidName | null;
  readonly notifier: Notifier;
  readonly onReady: () => void;
}

/** For whoever waits for a server. */
export interface ServeOptions extends Origin {
  /** Called when all workers are ready. */
  onReady?(): void;
  /** Called in place of serving when `daemon` is on: this process is not yet the one in the background. */
  beDaemon?(): Promise<void>;
}

/**
 * Runs a server from its configuration to its end. Resolves when it was stopped as asked.
 *
 * @throws TsunicornError for everything that keeps it from starting; what was opened is closed by then.
 */
export async function serve(
  request: LoadRequest,
  { onReady = () => {}, beDaemon, ...origin }: ServeOptions,
): Promise<void> {
  const inbox = createInbox();
  const listenForStops = listenForSignals(inbox);
  const oldMaster = followOldMaster(origin.inheritance);
  const newMaster = createNewMaster({ ...origin, inbox });
  const loaded = vetted(await loadConfig(request));
  listenForStops();
  const { config, hooks } = loaded;
  if (config.daemon && beDaemon !== undefined) return await beDaemon();
  process.title = masterTitle(config.procName);
  const log = createLogger(config, { role: 'master', pid: process.pid });
  log.event('server.starting', { version: packageVersion(), node: process.version, config: loaded.file?.path ?? null });
  const oldNode = nodeLineFault(process.versions.node, new Date());
  if (oldNode !== null) log.event('node.endOfLife', oldNode);

  tellOfRoot(loaded, { log, cwd: request.cwd });
  await runGate('onStarting', () =>
    hooks.onStarting?.(serverInfo({ addresses: config.bind, target: config.workers, config, log })),
  );
  const sockets = socketsFor(loaded, { origin, log, oldMaster, newMaster });
  const pidName = config.pidFile === null ? null : takePidName(config.pidFile, process.pid);
  if (pidName !== null) log.event('pidFile.written', { path: config.pidFile });
  const notifier = createNotifier(origin.notify, { log, role: origin.inheritance === null ? 'master' : 'newMaster' });
  try {
    const listeners = await sockets.open(bindAddresses(config));
    // Of what was inherited, all that this configuration does not name.
    sockets.keep(listeners);
    log.event('server.listening', { addresses: listeners.map(({ url }) => url) });
    tellUnusedBind(log, { ...loaded, listeners });
    const foundation: Foundation = {
      request,
      origin,
      inbox,
      log,
      sockets,
      oldMaster,
      newMaster,
      pidName,
      notifier,
      onReady,
    };
    await supervise(foundation, { ...loaded, listeners });
  } finally {
    sockets.closeAll();
    await leave({ log, sockets, oldMaster, newMaster, pidName });
    await notifier.close();
    log.flush();
  }
}

/** What they are made with stays: neither TLS on or off nor `socketMode` changes in a reload. */
function socketsFor(
  { config, tls, account }: VettedConfig,
  { origin, log, oldMaster, newMaster }: Pick<Foundation, 'origin' | 'log' | 'oldMaster' | 'newMaster'>,
): Sockets {
  return createSockets({
    scheme: tls === null ? 'http' : 'https',
    socketMode: config.socketMode,
    owner: account,
    inherited: origin.inheritance?.sockets ?? null,
    isShared: ({ inherited }) => newMaster.isThere() || (inherited && oldMaster.ownsFiles()),
    onStale: (path) => log.event('socket.replaced', { path }),
    onLost: (path) => log.event('socket.lost', { path }),
  });
}

/** Removes what this master has made, unless another one, of before or after an upgrade, still needs it. */
async function leave(owned: Pick<Foundation, 'log' | 'sockets' | 'oldMaster' | 'newMaster' | 'pidName'>) {
  const { log, sockets, oldMaster, newMaster, pidName } = owned;
  const { upgrade } = newMaster;
  const newMasterPid = await newMaster.handOver();
  if (newMasterPid !== null) log.event('upgrade.handedOver', { newMasterPid });
  else if ('pid' in upgrade) pidName?.putBack(upgrade.pid);
  oldMaster.close();
  if (newMasterPid === null && !oldMaster.ownsFiles()) sockets.removeLeft();
  if (pidName !== null && !pidName.remove()) log.event('pidFile.lost', { path: pidName.path });
}

/** Whoever wrote `bind` and the socket of the service manager for the same address wrote nothing wrong. */
function tellUnusedBind(log: Logger, { unusedBind, listeners, tls }: ServedConfig): void {
  if (unusedBind === null) return;
  const addresses = listeners.map(({ url }) => url);
  const isElsewhere = unusedBind.bind.some((text) => {
    const address = parseBind(text);
    return 'fault' in address || !addresses.includes(addressUrl(address, tls === null ? 'http' : 'https'));
  });
  if (isElsewhere) log.event('bind.unused', { ...unusedBind, addresses });
}

async function supervise(foundation: Foundation, loaded: ServedConfig): Promise<void> {
  const { request, origin, inbox, log, sockets, oldMaster, newMaster, pidName, notifier, onReady } = foundation;
  const { system } = origin;
  surviveUncaught(log);
  const master: Master = {
    ...{ request, system, inbox, log, sockets, oldMaster, newMaster, pidName, notifier, onReady },
    startFault: () => startFault(origin.startedAs),
    crew: createCrew({ system, inbox, sockets, cwd: request.cwd, ticketSecret: randomBytes(32) }),
    hooks: createHookRunner(log),
    loopLog: createLoopLog(log),
    configs: new Map([[FIRST_GENERATION, loaded]]),
    bootFailures: new Map(),
    evidence: new Map(),
    bootOutputs: new Map(),
    babblers: new Set(),
    refusing: new Set(),
    quiet: new Set(),
    lastBootFailure: null,
    fatal: null,
    toldOfTerminal: false,
  };
  oldMaster.onLeft((pid) => inbox.push({ type: 'oldMasterLeft', pid }));
  const watcher = watchFiles(loaded, { inbox, cwd: request.cwd });
  const end = await runArbiter(master, createPool({ target: loaded.config.workers, jitterSeed: system.random() }));
  await watcher?.close();
  const { onExit } = activeConfig(master, end.pool).hooks;
  await master.hooks.run('onExit', () => onExit?.(activeServerInfo(master, end.pool)));
  if (master.fatal === null && end.how === 'stopped') return log.event('server.stopped');
  const error = master.fatal ?? noWorkerReady(master);
  log.event('server.failed', { code: error.code });
  throw error;
}

function noWorkerReady({ lastBootFailure }: Master): TsunicornError {
  const { code, text } = lastBootFailure ?? {
    code: 'NO_WORKER_READY',
    text: 'Every worker ended before it was ready.',
  };
  return new TsunicornError(code, `No worker became ready, so the server stops.\n\n${text}`);
}
