import { Answering } from './answering.ts';
import type { Call } from './call.ts';
import { createDeferred } from './deferred.ts';
import { BUSY, type Frame, FrameError, FrameReader, kindFrom, kindTo, LAST, MORE, WINDOW_BYTES } from './frames.ts';
import { Outbox } from './outbox.ts';
import { createPace } from './pace.ts';
import { Templates } from './templates.ts';
import { Uploads } from './uploads.ts';
import type { PythonProcess } from './zygote.ts';

/** What a process leaves undone. */
export interface CallsLeft {
  /** Those that it had begun. */
  readonly lost: readonly Call[];
  /** Those that it had not, in their order. */
  readonly left: readonly Call[];
  /** It was told to leave. */
  readonly isWanted: boolean;
}

/** What becomes of calls, and of the process. */
export interface ChannelHost {
  /** There is room for more calls. */
  freed(channel: PythonChannel): void;
  /** The application raised an exception; the text is its traceback. */
  failed(call: Call, traceback: string): void;
  /** It sent what cannot be sent to a client. */
  invalid(call: Call, error: Error): void;
  /** It takes no more calls. */
  closed(channel: PythonChannel, calls: CallsLeft): void;
  /** What came is not from our host program. */
  broken(channel: PythonChannel, what: string): void;
}

/** The requests that one Python process has, over its channel. It owns the socket. */
export class PythonChannel {
  readonly process: PythonProcess;
  readonly ready: Promise<void>;
  /** It has said its last, and `closed` was called. */
  readonly over: Promise<void>;
  /** Answers so far. */
  answers = 0;
  /** The number of the signal that made it leave, as it says; 0: none. */
  askedBy = 0;
  readonly #threads: number;
  readonly #host: ChannelHost;
  readonly #outbox: Outbox;
  readonly #reader = new FrameReader();
  readonly #pace = createPace();
  /** In the order in which they were sent, which is that in which they begin. */
  readonly #calls = new Map<number, Call>();
  readonly #templates: Templates;
  readonly #answering: Answering;
  readonly #uploads: Uploads<Call>;
  #nextId = 1;
  #state: 'booting' | 'open' | 'draining' | 'closed' = 'booting';
  #resolveReady: () => void = () => {};
  /** Resolved when it has no call left, and gets no more. */
  readonly #idle = createDeferred<void>();
  readonly #takeFrame = (frame: Frame): void => this.#take(frame);

  constructor(process: PythonProcess, options: { threads: number; host: ChannelHost }) {
    this.process = process;
    this.#threads = options.threads;
    this.#host = options.host;
    const { socket } = process;
    const outbox = new Outbox(socket);
    const has = (call: Call) => this.#calls.get(call.id) === call;
    this.#outbox = outbox;
    this.#templates = new Templates(outbox);
    this.#answering = new Answering({ outbox, has, invalid: (call, error) => options.host.invalid(call, error) });
    this.#uploads = new Uploads({ outbox, has, broken: (call) => this.#forsake(call) });
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      socket.once('close', () => reject(new Error('the channel was closed')));
    });
    this.ready.catch(() => {});
    this.over = new Promise((resolve) => {
      socket.once('close', () => {
        this.#closed();
        resolve();
      });
    });
    // Bytes may follow the end of the process only from what it forked.
    void process.exited.then(() => setImmediate(() => socket.destroy()));
    process.read((bytes, length) => {
      this.#receive(bytes, length);
      return true;
    });
  }

  /** How many calls it has. */
  get load(): number {
    return this.#calls.size;
  }

  /** How many more it may get now. */
  get room(): number {
    return this.#state === 'open' ? this.#threads + this.#pace.ahead() - this.#calls.size : 0;
  }

  /** Whether a call would begin at once. */
  get isFree(): boolean {
    return this.#state === 'open' && this.#calls.size < this.#threads;
  }

  /** Those that it runs, the oldest first. */
  running(): Call[] {
    return [...this.#calls.values()].slice(0, this.#threads);
  }

  send(call: Call, nowMs: number): void {
    const { exchange, text, body, rest } = call;
    call.id = this.#nextId;
    this.#nextId = (this.#nextId % 0xffff_ffff) + 1;
    if (this.#calls.size === 0) this.#pace.began(nowMs);
    call.heardMs = this.#calls.size < this.#threads ? nowMs : null;
    const slot = this.#templates.slotOf(text.template);
    const flags = rest === null ? 0 : MORE;
    this.#outbox.frame({ kind: kindTo.request, flags, slot, id: call.id, aux: text.head.length }, text.head, body);
    // Nobody is there to wait for company.
    if (this.#calls.size === 0) this.#outbox.flush();
    this.#calls.set(call.id, call);
    if (rest !== null) this.#uploads.begin(call);
    exchange.onGone(() => this.#forsake(call));
  }

  /** Takes no more calls; resolves when those that it has are over. */
  drain(): Promise<void> {
    if (this.#state === 'open') this.#state = 'draining';
    if (this.#calls.size === 0) this.#idle.resolve();
    return this.#idle.promise;
  }

  /** Hangs up: the process leaves. */
  close(): void {
    this.#outbox.flush();
    this.process.socket.destroy();
  }

  /** Of a call that it runs: how long the process has been silent about it, where it is not the client that is waited for. */
  silentMs(call: Call, nowMs: number): number {
    const isWaitedFor = call.isAnswered || call.isForsaken;
    const waitsForClient = !isWaitedFor && (call.owed >= WINDOW_BYTES || (!call.isBodyWhole && call.bodyHeld === 0));
    if (call.heardMs === null || waitsForClient) {
      call.heardMs = nowMs;
      return 0;
    }
    return nowMs - call.heardMs;
  }

  #receive(bytes: Buffer, length: number): void {
    const before = this.#calls.size;
    try {
      this.#reader.read(bytes, length, this.#takeFrame);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      return this.#broken(error.message);
    }
    const answered = before - this.#calls.size;
    if (answered <= 0 || this.#state === 'closed') return;
    this.answers += answered;
    const nowMs = performance.now();
    this.#pace.answered(answered, nowMs);
    this.#begin(nowMs);
    if (this.#state === 'draining' && this.#calls.size === 0) this.#idle.resolve();
    this.#host.freed(this);
  }

  /** Those that waited behind the ones that are over begin now. */
  #begin(nowMs: number): void {
    let places = this.#threads;
    for (const call of this.#calls.values()) {
      if (places === 0) return;
      places -= 1;
      call.heardMs ??= nowMs;
    }
  }

  #take(frame: Frame): void {
    if (this.#state === 'booting') {
      if (frame.kind !== kindFrom.ready) return this.#broken(`a frame of kind ${frame.kind} before it was ready`);
      this.#state = 'open';
      return this.#resolveReady();
    }
    if (this.#state === 'closed') return;
    if (frame.kind === kindFrom.leaving) {
      this.askedBy = frame.aux;
      return this.#closed(0);
    }
    const call = this.#calls.get(frame.id);
    if (call === undefined || (call.isAnswered && frame.kind !== kindFrom.free && frame.kind !== kindFrom.want))
      return this.#broken(`a frame of kind ${frame.kind} about no request`);
    switch (frame.kind) {
      case kindFrom.answer:
        return this.#answer(call, frame);
      case kindFrom.piece:
        return this.#piece(call, frame);
      case kindFrom.want:
        return this.#uploads.want(call, frame.aux);
      case kindFrom.hints:
        return call.isForsaken ? undefined : this.#answering.hint(call, frame);
      case kindFrom.failed:
        this.#calls.delete(call.id);
        if (!call.isForsaken) this.#host.failed(call, frame.bytes.toString('utf8', frame.begin, frame.end));
        return;
      case kindFrom.free:
        if (!call.isAnswered) return this.#broken('the end of a request without its answer');
        this.#calls.delete(call.id);
        return;
      default:
        return this.#broken(`a frame of unknown kind ${frame.kind}`);
    }
  }

  #answer(call: Call, frame: Frame): void {
    if (call.hasBegunAnswer || frame.aux > frame.end - frame.begin) return this.#broken('an answer out of turn');
    call.hasBegunAnswer = true;
    this.#noteEnd(call, frame);
    if (!call.isForsaken) this.#answering.begin(call, frame);
  }

  #piece(call: Call, frame: Frame): void {
    if (!call.hasBegunAnswer) return this.#broken('a piece of no answer');
    this.#noteEnd(call, frame);
    if (!call.isForsaken) this.#answering.piece(call, frame);
  }

  #noteEnd(call: Call, { flags }: Frame): void {
    if ((flags & LAST) === 0) return;
    if ((flags & BUSY) === 0) return void this.#calls.delete(call.id);
    call.isAnswered = true;
    call.heardMs = performance.now();
  }

  /** The client is gone. */
  #forsake(call: Call): void {
    if (call.isForsaken || this.#calls.get(call.id) !== call) return;
    call.isForsaken = true;
    call.isBodyWhole = true;
    this.#outbox.frame({ kind: kindTo.gone, id: call.id });
  }

  #broken(what: string): void {
    if (this.#state === 'closed') return;
    this.#host.broken(this, what);
    this.process.kill('SIGKILL');
    this.#closed();
    this.process.socket.destroy();
  }

  /** @param begun how many calls it may have begun: the first ones. What has sent a part of its body cannot go elsewhere either. */
  #closed(begun = this.#threads): void {
    if (this.#state === 'closed') return;
    const isWanted = this.#state === 'draining';
    this.#state = 'closed';
    const calls = [...this.#calls.values()].map((call, index) => ({
      call,
      isLost: index < begun || call.rest !== null,
    }));
    const wanted = calls.filter(({ call }) => !call.isForsaken && !call.isAnswered);
    this.#calls.clear();
    this.#idle.resolve();
    const lost = wanted.flatMap(({ call, isLost }) => (isLost ? [call] : []));
    const left = wanted.flatMap(({ call, isLost }) => (isLost ? [] : [call]));
    this.#host.closed(this, { lost, left, isWanted });
  }
}
