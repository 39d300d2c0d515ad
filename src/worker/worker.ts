import { withInterface } from '../app/serve.ts';
import { limitsOf } from '../config/limits.ts';
import { unreachable } from '../errors.ts';
import type { BootMessage, DrainMode, MasterMessage } from '../ipc/messages.ts';
import { workerTitle } from '../os/title.ts';
import { acceptAll, behindFronts, bootService } from './boot.ts';
import { openMasterChannel } from './channel.ts';
import { type Alarm, watchDescriptors } from './descriptors.ts';
import { type DrainRequest, type DrainTarget, drainWorker } from './drain.ts';
import { dropPrivileges } from './drop-privileges.ts';
import { type Equipment, openEquipment } from './equipment.ts';
import {
  type BootWitness,
  reportBootFailure,
  speakBeforeTimeout,
  watchEarlyExit,
  watchEscapedErrors,
} from './failures.ts';
import { heartbeatEveryMs, startHeartbeat } from './heartbeat.ts';
import { keepLastWords } from './last-words.ts';
import { checkReadable, withIdentity } from './may-read.ts';
import { createMemoryWatch } from './memory-watch.ts';
import { observeFor } from './observer.ts';
import { createSiblings, type Siblings } from './siblings.ts';
import { handleWorkerSignals } from './signals.ts';
import { type Watchdog, watchOver } from './watchdog.ts';

const QUICK_STOP_MS = 1_000;

/** How the life of a worker stands. A drain can cut a boot short; nothing leads back from `leaving`. */
type Life = { readonly phase: 'waiting' } | { readonly phase: 'booting'; readonly equipment: Equipment } | ServingLife;

interface ServingLife {
  readonly phase: 'serving' | 'leaving';
  readonly equipment: Equipment;
  readonly target: DrainTarget;
  readonly gracefulTimeoutMs: number;
  readonly watchdog: Watchdog;
  lookAtMemory(): void;
  /** Starts to accept. */
  readonly accept: () => Promise<void>;
}

interface Worker extends BootWitness {
  readonly siblings: Siblings;
  life: Life;
}

/**
 * The life of one worker process: told what to be, it loads the application, accepts, beats, and drains when it is told to, when it is
 * signalled, or when its master is gone. It ends the process itself.
 */
export function startWorker(): void {
  const channel = openMasterChannel();
  const words = keepLastWords();
  const worker: Worker = { channel, words, siblings: createSiblings(channel), life: { phase: 'waiting' } };
  handleWorkerSignals({
    drain: (mode) => drainUnasked(worker, mode),
    reopenLogs: () => reopenLogs(worker),
    abort: () => abort(worker),
  });
  worker.channel.onClosed(() => {
    if (worker.life.phase === 'serving') worker.life.equipment.log.event('server.orphaned');
    drainUnasked(worker, 'stop');
  });
  worker.channel.onMessage((message) => receive(worker, message));
}

function receive(worker: Worker, message: MasterMessage): void {
  switch (message.type) {
    case 'boot':
      return void boot(worker, message);
    case 'drain':
      return void drain(worker, message);
    case 'admit':
      return void admit(worker);
    case 'allRefuse':
      return worker.siblings.allRefuse();
    case 'reopenLogs':
      return reopenLogs(worker);
    default:
      return unreachable(message);
  }
}

async function boot(worker: Worker, message: BootMessage): Promise<void> {
  const { channel, words } = worker;
  const { runAs } = message;
  let watchdog: Watchdog;
  try {
    // Before all else: nothing of the application, and no file that is named for it, is touched as root.
    if (runAs !== null) {
      dropPrivileges(runAs);
      checkReadable(message.config, { directory: process.cwd(), runAs });
    }
    const life = await prepare(worker, message);
    worker.life = life;
    watchdog = life.watchdog;
  } catch (error) {
    return await reportBootFailure(withIdentity(error, runAs), worker);
  }
  words.release();
  const { timeoutMs } = limitsOf(message.config);
  const beat = () => {
    void channel.send({ type: 'heartbeat' });
    watchdog.beat();
    lookAtMemory(worker);
  };
  startHeartbeat(beat, heartbeatEveryMs(timeoutMs));
  await channel.send({ type: 'ready' });
  lookAtMemory(worker);
}

function lookAtMemory({ life }: Worker): void {
  if (life.phase === 'serving') life.lookAtMemory();
}

/** From the message to the first connection: logs, hooks, the application, and only then the sockets. */
async function prepare(worker: Worker, message: BootMessage): Promise<ServingLife> {
  const { channel } = worker;
  const config = withInterface(message.config, process.cwd());
  const equipment = openEquipment(message);
  process.umask(config.umask);
  worker.life = { phase: 'booting', equipment };
  process.title = workerTitle(config.procName, message.workerId);
  watchEscapedErrors(equipment, worker, () => worker.life.phase === 'booting');
  watchEarlyExit(worker);
  speakBeforeTimeout(worker, limitsOf(config).bootTimeoutMs);
  if (message.configFile !== null) {
    // The loader of config files costs a worker 10 MB: only those with hooks pay for it.
    const { loadHooks } = await import('../config/load-hooks.ts');
    equipment.hooks = await loadHooks(message.configFile);
  }
  await equipment.runHook('postFork', ({ postFork }) => postFork?.(equipment.server, equipment.worker));
  const observer = observeFor(equipment, config, channel);
  const application = await bootService(config, { observer, log: equipment.log });
  equipment.log.event('app.loaded', { app: config.app });
  await equipment.runHook('postWorkerInit', ({ postWorkerInit }) => postWorkerInit?.(equipment.worker));
  const service = await behindFronts(application, message, { equipment, observer });
  const target = { acceptors: [] as DrainTarget['acceptors'], service };
  const descriptors = watchDescriptors((alarm) => outOfOrder(alarm, { channel, equipment, ...target }));
  const accept = async () => {
    target.acceptors = await acceptAll(message.listeners, config.backlog, { service, descriptors });
    descriptors.watch(target.acceptors);
  };
  if (!message.quiet) await accept();
  const { gracefulTimeoutMs, maxMemoryMiB } = limitsOf(config);
  const lookAtMemory = createMemoryWatch({
    // Of a Python application it is the Python processes that count, and are replaced.
    maxMemoryMiB: config.interface === 'wsgi' ? null : maxMemoryMiB,
    residentBytes: () => process.memoryUsage.rss(),
    outgrown: (memoryMiB) => void channel.send({ type: 'recycle', why: 'maxMemory', memoryMiB }),
  });
  const watchdog = watchOver(service, { config, hasHooks: message.configFile !== null });
  return { phase: 'serving', equipment, target, gracefulTimeoutMs, watchdog, accept, lookAtMemory };
}

async function admit(worker: Worker): Promise<void> {
  const { life } = worker;
  if (life.phase !== 'serving') return;
  try {
    await life.accept();
    // Told to leave meanwhile.
    if (worker.life !== life) for (const acceptor of life.target.acceptors) acceptor.close();
  } catch (error) {
    await reportBootFailure(error, worker);
  }
}

function abort({ life, words }: Worker): void {
  words.release();
  if (life.phase === 'waiting') process.exit(1);
  void life.equipment.abort();
}

/** It serves those that it has, until another worker has taken its place. */
function outOfOrder(alarm: Alarm, worker: DrainTarget & Pick<BootWitness, 'channel'> & { equipment: Equipment }): void {
  const { channel, equipment, acceptors, service } = worker;
  if (alarm.why === 'descriptors') {
    for (const acceptor of acceptors) acceptor.close();
    const { highest, limit } = alarm;
    equipment.log.event('worker.descriptors', { highest, limit, connections: service.connections() });
  }
  void channel.send({ type: 'recycle', why: alarm.why });
}

async function drain(worker: Worker, order: Omit<DrainRequest, 'siblingsRefuse'>): Promise<void> {
  const { life } = worker;
  const { mode, graceMs, removed } = order;
  worker.words.release();
  if (life.phase === 'waiting') return process.exit(0);
  const { equipment } = life;
  if (mode === 'quick') await equipment.runHook('workerInt', (hooks) => hooks.workerInt?.(equipment.worker));
  if (life.phase === 'booting') return await equipment.leave(0);
  worker.life = { ...life, phase: 'leaving' };
  equipment.log.event('drain.started', { mode, graceMs });
  const cut = await drainWorker(life.target, { mode, graceMs, removed, siblingsRefuse: worker.siblings.refuse });
  if (cut > 0) equipment.log.event('drain.cut', { connections: cut });
  await equipment.leave(0);
}

/** Told by nobody but a signal or the end of the master: the limits are this worker's own, and nobody else will enforce them. */
function drainUnasked(worker: Worker, mode: DrainMode): void {
  const { life } = worker;
  if (life.phase === 'leaving' && mode !== 'quick') return;
  const graceMs = life.phase === 'serving' && mode !== 'quick' ? life.gracefulTimeoutMs : QUICK_STOP_MS;
  void worker.channel.send({ type: 'leaving' });
  setTimeout(() => process.exit(1), graceMs).unref();
  void drain(worker, { mode, graceMs, removed: [] });
}

function reopenLogs({ life }: Worker): void {
  if (life.phase !== 'waiting') life.equipment.reopenLogs();
}
