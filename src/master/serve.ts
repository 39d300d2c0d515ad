import { randomBytes } from 'node:crypto';
import { type LoadRequest, loadConfig } from '../config/load.ts';
import { TsunicornError } from '../errors.ts';
import { createLogger, type Logger } from '../logging/logger.ts';
import { nodeLineFault } from '../os/node-line.ts';
import { packageVersion } from '../os/package.ts';
import type { System } from '../os/system.ts';
import { masterTitle } from '../os/title.ts';
import { runArbiter } from './arbiter.ts';
import { createCrew } from './crew.ts';
import { createHookRunner, runGate } from './hook-runner.ts';
import { createInbox, type Inbox } from './inbox.ts';
import { activeConfig, activeServerInfo, type Master, serverInfo } from './master.ts';
import { writePidFile } from './pidfile.ts';
import { createPool, FIRST_GENERATION } from './pool.ts';
import { listenForSignals } from './signals.ts';
import { createSockets, type ServedConfig, type Sockets } from './sockets.ts';
import { surviveUncaught } from './uncaught.ts';
import { bindAddresses, vetted } from './vet.ts';
import { watchFiles } from './watch.ts';

/** What a server is made of before it has workers. */
interface Foundation {
  readonly request: LoadRequest;
  readonly system: System;
  readonly inbox: Inbox;
  readonly log: Logger;
  readonly sockets: Sockets;
}

/**
 * Runs a server from its configuration to its end. Resolves when it was stopped as asked.
 *
 * @throws TsunicornError for everything that keeps it from starting; what was opened is closed by then.
 */
export async function serve(request: LoadRequest, system: System): Promise<void> {
  const inbox = createInbox();
  listenForSignals(inbox);
  const loaded = vetted(await loadConfig(request));
  const { config, hooks } = loaded;
  process.title = masterTitle(config.procName);
  const log = createLogger(config, { role: 'master', pid: process.pid });
  log.event('server.starting', { version: packageVersion(), node: process.version, config: loaded.file?.path ?? null });
  const oldNode = nodeLineFault(process.versions.node, new Date());
  if (oldNode !== null) log.event('node.endOfLife', oldNode);

  const addresses = bindAddresses(config);
  await runGate('onStarting', () =>
    hooks.onStarting?.(serverInfo({ addresses: config.bind, target: config.workers, config, log })),
  );
  const pidFile = config.pidFile === null ? null : writePidFile(config.pidFile, process.pid);
  if (pidFile !== null) log.event('pidFile.written', { path: config.pidFile });
  // What they are made with stays: neither TLS on or off nor `socketMode` changes in a reload.
  const sockets = createSockets({
    scheme: loaded.tls === null ? 'http' : 'https',
    socketMode: config.socketMode,
    onStale: (path) => log.event('socket.replaced', { path }),
  });
  try {
    const listeners = await sockets.open(addresses);
    log.event('server.listening', { addresses: listeners.map(({ url }) => url) });
    await supervise({ request, system, inbox, log, sockets }, { ...loaded, listeners });
  } finally {
    sockets.closeAll();
    if (pidFile !== null && !pidFile.remove()) log.event('pidFile.lost', { path: config.pidFile });
    log.flush();
  }
}

async function supervise(foundation: Foundation, loaded: ServedConfig): Promise<void> {
  const { request, system, inbox, log, sockets } = foundation;
  surviveUncaught(log);
  const master: Master = {
    ...{ request, system, inbox, log, sockets },
    crew: createCrew({ system, inbox, sockets, cwd: request.cwd, ticketSecret: randomBytes(32) }),
    hooks: createHookRunner(log),
    configs: new Map([[FIRST_GENERATION, loaded]]),
    bootFailures: new Map(),
    bootOutput: new Map(),
    babblers: new Set(),
    refusing: new Set(),
    lastBootFailure: null,
    fatal: null,
  };
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
