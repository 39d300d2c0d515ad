import { unreachable } from '../../../errors.ts';
import { refusal } from '../../../http/refusal.ts';
import type { RequestObserver } from '../../contract.ts';
import { recycleAfter } from '../../recycle.ts';
import type { Call } from './call.ts';
import { type CallsLeft, type ChannelHost, PythonChannel } from './channel.ts';
import { type Processes, type ProcessesObserver, type ProcessesOptions, startProcesses } from './processes.ts';
import { createCallQueue } from './queue.ts';
import type { PythonReport, StuckRequest } from './report.ts';
import { signalName } from './signal-name.ts';
import type { PythonExit, PythonProcess } from './zygote.ts';

const WATCH_EVERY_MS = 250;
/** What a process gets to write its tracebacks, before it is killed whatever it does. */
const LAST_WORDS_MS = 500;
/** What a process gets to end by itself, once its channel has: its `atexit` may take a while. */
const END_WITHIN_MS = 5_000;

const tooBusy = refusal(503, 'no Python process within queueTimeout');
const processDied = refusal(502, 'the Python process died');
const processSilent = refusal(504, 'the Python process was silent for longer than timeout');

export interface CallPoolOptions {
  readonly processes: Pick<ProcessesOptions, 'zygote' | 'processes' | 'gracefulTimeoutMs' | 'maxMemoryMiB'>;
  readonly threads: number;
  /** `null`: for ever. */
  readonly timeoutMs: number | null;
  readonly queueTimeoutMs: number;
  /** Requests after which a process is replaced; 0: never. */
  readonly maxRequests: number;
  readonly maxRequestsJitter: number;
  readonly observer: Pick<RequestObserver, 'failed'>;
  report(report: PythonReport): void;
}

/** A process that takes calls, or did. */
interface Hand {
  readonly channel: PythonChannel;
  readonly retiresAfter: number | null;
  wasReady: boolean;
  isRetiring: boolean;
  /** What it was ended for. */
  fault:
    | { readonly type: 'stuck'; readonly request: StuckRequest }
    | { readonly type: 'broken'; readonly what: string }
    | { readonly type: 'zygote' }
    | null;
  lostRequests: number;
}

/** @throws TsunicornError when the processes do not get ready: nothing is left then. */
export async function startCallPool(options: CallPoolOptions): Promise<CallPool> {
  const pool = new CallPool(options);
  await pool.start();
  return pool;
}

/** The Python processes of a worker, and the calls that they run or will. */
export class CallPool implements ChannelHost {
  readonly #options: CallPoolOptions;
  /** Those that take calls. */
  readonly #open = new Set<PythonChannel>();
  /** By pid. */
  readonly #hands = new Map<number, Hand>();
  readonly #queue = createCallQueue<Call>(this.#open);
  #processes: Processes | null = null;
  #watch: NodeJS.Timeout | undefined;

  constructor(options: CallPoolOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#processes = await startProcesses({
      ...this.#options.processes,
      connect: (process) => this.#connect(process),
      observer: this.#observer(),
    });
    this.#watch = setInterval(() => this.#lookAfter(performance.now()), WATCH_EVERY_MS).unref();
  }

  submit(call: Call): void {
    this.#queue.add(call);
  }

  /** Lets the processes go, once no call is left; resolves when they are gone. */
  async stop({ graceMs }: { graceMs: number }): Promise<void> {
    await this.#processes?.stop({ graceMs });
    clearInterval(this.#watch);
  }

  freed(channel: PythonChannel): void {
    this.#queue.pump();
    const { pid } = channel.process;
    const hand = this.#hands.get(pid);
    if (hand === undefined || hand.retiresAfter === null || channel.answers < hand.retiresAfter) return;
    if (hand.isRetiring) return;
    hand.isRetiring = true;
    this.#options.report({ type: 'recycling', pid, why: 'maxRequests' });
    this.#processes?.retire(channel.process);
  }

  failed({ exchange }: Call, traceback: string): void {
    this.#options.observer.failed(pythonError(traceback), exchange.head.line);
    exchange.fail();
  }

  invalid({ exchange }: Call, error: Error): void {
    this.#options.observer.failed(error, exchange.head.line);
    exchange.fail();
  }

  closed(channel: PythonChannel, { lost, left, isWanted }: CallsLeft): void {
    this.#open.delete(channel);
    const hand = this.#hands.get(channel.process.pid);
    if (hand !== undefined) hand.lostRequests += lost.length;
    for (const { exchange, hasBegunAnswer } of lost) {
      if (hasBegunAnswer) exchange.fail();
      else exchange.refuse(processDied);
    }
    if (left.length > 0) this.#queue.addAgain(left);
    if (!isWanted) setTimeout(() => channel.process.kill('SIGKILL'), END_WITHIN_MS).unref();
  }

  broken(channel: PythonChannel, what: string): void {
    const hand = this.#hands.get(channel.process.pid);
    if (hand !== undefined) hand.fault ??= { type: 'broken', what };
  }

  #connect(process: PythonProcess): PythonChannel {
    const { threads } = this.#options;
    const channel = new PythonChannel(process, { threads, host: this });
    const retiresAfter = recycleAfter(this.#options, Math.random());
    const hand: Hand = { channel, retiresAfter, wasReady: false, isRetiring: false, fault: null, lostRequests: 0 };
    this.#hands.set(process.pid, hand);
    channel.ready.then(
      () => {
        hand.wasReady = true;
        this.#open.add(channel);
        this.#queue.pump();
      },
      () => {},
    );
    return channel;
  }

  #observer(): ProcessesObserver {
    const { report } = this.#options;
    return {
      ready: ({ pid }) => report({ type: 'ready', pid }),
      exited: (ended) => {
        const hand = this.#hands.get(ended.pid);
        if (hand === undefined) return;
        // What was lost is known once its channel is over.
        void hand.channel.over.then(() => {
          this.#hands.delete(ended.pid);
          // One that never got ready is told of by whoever waits for it.
          if (ended.wanted || hand.wasReady) report(reportOfEnd(hand, ended));
        });
      },
      failed: (error) => report({ type: 'notReady', error }),
      zygoteGone: (exit) => {
        for (const hand of this.#hands.values()) hand.fault ??= { type: 'zygote' };
        report({ type: 'zygoteDied', exit });
      },
      outgrown: ({ pid, memoryMiB }) =>
        report({ type: 'recycling', pid, why: 'maxMemory', memoryMiB: Math.ceil(memoryMiB) }),
    };
  }

  #lookAfter(nowMs: number): void {
    const { queueTimeoutMs, timeoutMs } = this.#options;
    for (const { exchange } of this.#queue.expire(nowMs - queueTimeoutMs)) exchange.refuse(tooBusy);
    if (timeoutMs !== null) endSilent([...this.#hands.values()], timeoutMs, nowMs);
  }
}

function reportOfEnd(
  { channel, fault, lostRequests }: Hand,
  { pid, exit, wanted }: { pid: number; exit: PythonExit; wanted: boolean },
): PythonReport {
  switch (fault?.type) {
    case 'stuck':
      return { type: 'timeout', pid, exit, stuck: fault.request };
    case 'broken':
      return { type: 'broken', pid, exit, lostRequests, what: fault.what };
    case 'zygote':
      // That was told of.
      return { type: 'left', pid };
    case undefined:
      if (wanted) return { type: 'left', pid };
      if (channel.askedBy === 0 || exit.code !== 0 || lostRequests > 0)
        return { type: 'crashed', pid, exit, lostRequests };
      return { type: 'signalled', pid, signal: signalName(channel.askedBy) };
    default:
      return unreachable(fault);
  }
}

/** Ends the processes that were silent about a request for too long. */
function endSilent(hands: readonly Hand[], timeoutMs: number, nowMs: number): void {
  for (const hand of hands) {
    if (hand.fault !== null) continue;
    const { channel } = hand;
    const call = channel.running().find((each) => channel.silentMs(each, nowMs) > timeoutMs);
    if (call === undefined) continue;
    const { method, target } = call.exchange.head.line;
    const silentMs = Math.round(channel.silentMs(call, nowMs));
    hand.fault = { type: 'stuck', request: { method, target, silentMs, others: channel.load - 1 } };
    if (call.hasBegunAnswer) call.exchange.fail();
    else call.exchange.refuse(processSilent);
    // The handler of the host writes the tracebacks of all threads, whatever holds the interpreter, and lets the process die.
    channel.process.kill('SIGABRT');
    setTimeout(() => channel.process.kill('SIGKILL'), LAST_WORDS_MS).unref();
  }
}

/** A traceback as the error that it tells of: its last line is the message. */
function pythonError(traceback: string): Error {
  const text = traceback.trimEnd();
  const error = new Error(text.split('\n').at(-1) ?? '');
  error.name = 'PythonError';
  error.stack = text;
  return error;
}
