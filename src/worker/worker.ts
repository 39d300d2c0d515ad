import { withInterface } from '../app/serve.ts';
import { limitsOf } from '../config/limits.ts';
import { unreachable } from '../errors.ts';
import type { BootMessage, DrainMode, MasterMessage } from '../ipc/messages.ts';
import { workerTitle } from '../os/title.ts';
import { acceptAll, behindFronts, bootService } from './boot.ts';
import { overhear } from './boot-output.ts';
import { type MasterChannel, openMasterChannel } from './channel.ts';
import { type Alarm, watchDescriptors } from './descriptors.ts';
import { type DrainRequest, type DrainTarget, drainWorker } from './drain.ts';
import { type Equipment, openEquipment } from './equipment.ts';
import { reportBootFailure, watchEscapedErrors } from './failures.ts';
import { heartbeatEveryMs, startHeartbeat } from './heartbeat.ts';
import { observeFor } from './observer.ts';
import { createSiblings, type Siblings } from './siblings.ts';
import { handleWorkerSignals } from './signals.ts';

const QUICK_STOP_MS = 1_000;

/** How the life of a worker stands. A drain can cut a boot short; nothing leads back from `leaving`. */
type Life =
  | { readonly phase: 'waiting' }
  | { readonly phase: 'booting'; readonly equipment: Equipment }
  | {
      readonly phase: 'serving' | 'leaving';
      readonly equipment: Equipment;
      readonly target: DrainTarget;
      readonly gracefulTimeoutMs: number;
    };

interface Worker {
  readonly channel: MasterChannel;
  readonly siblings: Siblings;
  life: Life;
}

/**
 * The life of one worker process: told what to be, it loads the application, accepts, beats, and drains when it is told to, when it is
 * signalled, or when its master is gone. It ends the process itself.
 */
export function startWorker(): void {
  const channel = openMasterChannel();
  const worker: Worker = { channel, siblings: createSiblings(channel), life: { phase: 'waiting' } };
  handleWorkerSignals({
    drain: (mode) => drainUnasked(worker, mode),
    reopenLogs: () => reopenLogs(worker),
    abort: () => void (worker.life.phase === 'waiting' ? process.exit(1) : worker.life.equipment.abort()),
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
    case 'allRefuse':
      return worker.siblings.allRefuse();
    case 'reopenLogs':
      return reopenLogs(worker);
    default:
      return unreachable(message);
  }
}

async function boot(worker: Worker, message: BootMessage): Promise<void> {
  const { channel } = worker;
  const output = overhear((text) => void channel.send({ type: 'output', text }));
  try {
    worker.life = await prepare(worker, message);
  } catch (error) {
    return await reportBootFailure(error, channel);
  } finally {
    output.stop();
  }
  const { timeoutMs } = limitsOf(message.config);
  startHeartbeat(() => void channel.send({ type: 'heartbeat' }), heartbeatEveryMs(timeoutMs));
  await channel.send({ type: 'ready' });
}

/** From the message to the first connection: logs, hooks, the application, and only then the sockets. */
async function prepare(worker: Worker, message: BootMessage): Promise<Life> {
  const { channel } = worker;
  const config = withInterface(message.config, process.cwd());
  const equipment = openEquipment(message);
  worker.life = { phase: 'booting', equipment };
  process.title = workerTitle(config.procName, message.workerId);
  watchEscapedErrors(equipment, channel, () => worker.life.phase === 'booting');
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
  const descriptors = watchDescriptors((alarm) => outOfOrder(alarm, { channel, equipment, acceptors, service }));
  const acceptors = await acceptAll(message.listeners, config.backlog, { service, descriptors });
  descriptors.watch(acceptors);
  const { gracefulTimeoutMs } = limitsOf(config);
  return { phase: 'serving', equipment, target: { acceptors, service }, gracefulTimeoutMs };
}

/** It serves those that it has, until another worker has taken its place. */
function outOfOrder(alarm: Alarm, worker: DrainTarget & { channel: MasterChannel; equipment: Equipment }): void {
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
