import { InvalidResponse, renderFields } from '../../../http/response-head.ts';
import { readAnswerHead, readFields } from './answer-head.ts';
import type { Call } from './call.ts';
import {
  BUSY,
  type Frame,
  FrameError,
  FrameReader,
  kindFrom,
  kindTo,
  LAST,
  MORE,
  SLOTS,
  WINDOW_BYTES,
} from './frames.ts';
import { Outbox } from './outbox.ts';
import { createPace } from './pace.ts';
import type { PythonProcess } from './zygote.ts';

/** A process gets credit for what the client took when it is this much: a frame for each piece would be a waste. */
const CREDIT_BYTES = WINDOW_BYTES / 4;
/** Whole answers up to this size are sent as text, in one piece with their head. */
const TEXT_BYTES = 16 * 1024;

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
  readonly #threads: number;
  readonly #host: ChannelHost;
  readonly #outbox: Outbox;
  readonly #reader = new FrameReader();
  readonly #pace = createPace();
  /** In the order in which they were sent, which is that in which they begin. */
  readonly #calls = new Map<number, Call>();
  readonly #slots = new Map<string, number>();
  readonly #slotTexts: string[] = [];
  #nextSlot = 0;
  #nextId = 1;
  #state: 'booting' | 'open' | 'draining' | 'closed' = 'booting';
  #resolveReady: () => void = () => {};
  #resolveIdle: () => void = () => {};

  constructor(process: PythonProcess, options: { threads: number; host: ChannelHost }) {
    this.process = process;
    this.#threads = options.threads;
    this.#host = options.host;
    const { socket } = process;
    this.#outbox = new Outbox(socket);
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
      this.#receive(bytes.subarray(0, length));
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
    const slot = this.#slotOf(text.template);
    const flags = rest === null ? 0 : MORE;
    this.#outbox.frame({ kind: kindTo.request, flags, slot, id: call.id, aux: text.head.length }, text.head, body);
    this.#calls.set(call.id, call);
    if (rest !== null) {
      call.bodyHeld = body?.length ?? 0;
      call.bodyRoom = WINDOW_BYTES - call.bodyHeld;
      void this.#pumpBody(call, rest);
    }
    exchange.onGone(() => this.#forsake(call));
  }

  /** Takes no more calls; resolves when those that it has are over. */
  drain(): Promise<void> {
    if (this.#state === 'open') this.#state = 'draining';
    if (this.#state === 'closed' || this.#calls.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#resolveIdle = resolve;
    });
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

  #receive(bytes: Buffer): void {
    const before = this.#calls.size;
    try {
      this.#reader.read(bytes, (frame) => this.#take(frame));
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
    if (this.#calls.size === 0) this.#resolveIdle();
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
    if (frame.kind === kindFrom.leaving) return this.#closed(0);
    const call = this.#calls.get(frame.id);
    if (call === undefined || (call.isAnswered && frame.kind !== kindFrom.free && frame.kind !== kindFrom.want))
      return this.#broken(`a frame of kind ${frame.kind} about no request`);
    switch (frame.kind) {
      case kindFrom.answer:
        return this.#answer(call, frame);
      case kindFrom.piece:
        return this.#piece(call, frame);
      case kindFrom.want:
        return this.#want(call, frame.aux);
      case kindFrom.hints:
        return this.#hint(call, frame);
      case kindFrom.failed:
        this.#calls.delete(call.id);
        if (!call.isForsaken) this.#host.failed(call, frame.payload.toString());
        return;
      case kindFrom.free:
        if (!call.isAnswered) return this.#broken('the end of a request without its answer');
        this.#calls.delete(call.id);
        return;
      default:
        return this.#broken(`a frame of unknown kind ${frame.kind}`);
    }
  }

  #answer(call: Call, { payload, flags, aux }: Frame): void {
    if (call.hasBegunAnswer || aux > payload.length) return this.#broken('an answer out of turn');
    call.hasBegunAnswer = true;
    const isWhole = (flags & LAST) !== 0;
    if (isWhole) this.#answered(call, flags);
    if (call.isForsaken) return;
    const { exchange } = call;
    try {
      const head = readAnswerHead(payload.toString('latin1', 0, aux));
      exchange.answerFields = head.list;
      if (!isWhole) {
        exchange.begin(head, null);
        this.#write(call, payload.subarray(aux));
      } else if (payload.length - aux <= TEXT_BYTES) exchange.respond(head, payload.toString('latin1', aux), 'latin1');
      else exchange.respond(head, Buffer.from(payload.subarray(aux)));
    } catch (error) {
      this.#refuseAnswer(call, error);
    }
    if (!isWhole) call.heardMs = performance.now();
  }

  #answered(call: Call, flags: number): void {
    if ((flags & BUSY) === 0) return void this.#calls.delete(call.id);
    call.isAnswered = true;
    call.heardMs = performance.now();
  }

  #piece(call: Call, { payload, flags }: Frame): void {
    if (!call.hasBegunAnswer) return this.#broken('a piece of no answer');
    const isLast = (flags & LAST) !== 0;
    if (isLast) this.#answered(call, flags);
    if (call.isForsaken) return;
    call.heardMs = performance.now();
    try {
      this.#write(call, payload);
      if (!isLast) return;
      const missing = call.exchange.end();
      if (missing > 0) throw new RangeError(`the body is ${missing} bytes shorter than its Content-Length`);
    } catch (error) {
      this.#refuseAnswer(call, error);
    }
  }

  /** Hands a piece to the client, and asks the process for more when the client has taken it. */
  #write(call: Call, piece: Buffer): void {
    if (piece.length === 0) return;
    call.owed += piece.length;
    // The bytes are lent, and the client may be slow.
    if (call.exchange.write(Buffer.from(piece))) return this.#credit(call, piece.length);
    void call.exchange.drained().then(() => this.#credit(call, piece.length));
  }

  #credit(call: Call, bytes: number): void {
    call.taken += bytes;
    if (call.taken < CREDIT_BYTES || !this.#calls.has(call.id)) return;
    this.#outbox.frame({ kind: kindTo.credit, id: call.id, aux: call.taken });
    call.owed -= call.taken;
    call.taken = 0;
    call.heardMs = performance.now();
  }

  #hint(call: Call, { payload }: Frame): void {
    if (call.hasBegunAnswer || call.isForsaken || payload.length === 0) return;
    try {
      call.exchange.hint(renderFields(readFields(payload.toString('latin1').split('\n'))).text);
    } catch (error) {
      this.#refuseAnswer(call, error);
    }
  }

  /** The process goes on with it, and nobody listens. */
  #refuseAnswer(call: Call, error: unknown): void {
    if (!(error instanceof InvalidResponse) && !(error instanceof RangeError)) throw error;
    call.isForsaken = true;
    this.#outbox.frame({ kind: kindTo.gone, id: call.id });
    this.#host.invalid(call, error);
  }

  #want(call: Call, bytes: number): void {
    call.bodyHeld = Math.max(0, call.bodyHeld - bytes);
    call.bodyRoom = Math.min(WINDOW_BYTES, call.bodyRoom + bytes);
    call.heardMs = performance.now();
    if (call.rest !== null && !call.isBodyWhole) void this.#pumpBody(call, call.rest);
  }

  #pumping = new Set<Call>();

  /** Moves the body from the client to the process, as far as that has room. */
  async #pumpBody(call: Call, rest: NonNullable<Call['rest']>): Promise<void> {
    if (this.#pumping.has(call)) return;
    this.#pumping.add(call);
    try {
      while (call.bodyRoom > 0 && !call.isBodyWhole && !call.isForsaken) {
        const piece = await rest.next();
        if (!this.#calls.has(call.id)) break;
        call.heardMs = performance.now();
        call.isBodyWhole = piece === null;
        call.bodyRoom -= piece?.length ?? 0;
        call.bodyHeld += piece?.length ?? 0;
        this.#outbox.frame({ kind: kindTo.body, flags: piece === null ? LAST : 0, id: call.id }, '', piece);
      }
    } catch {
      // The body was broken off: its exchange is over, or will be.
      this.#forsake(call);
    } finally {
      this.#pumping.delete(call);
    }
  }

  /** The client is gone. */
  #forsake(call: Call): void {
    if (call.isForsaken || this.#calls.get(call.id) !== call) return;
    call.isForsaken = true;
    call.isBodyWhole = true;
    this.#outbox.frame({ kind: kindTo.gone, id: call.id });
  }

  #slotOf(template: string): number {
    const known = this.#slots.get(template);
    if (known !== undefined) return known;
    const slot = this.#nextSlot;
    this.#nextSlot = (slot + 1) % SLOTS;
    const before = this.#slotTexts[slot];
    if (before !== undefined) this.#slots.delete(before);
    this.#slotTexts[slot] = template;
    this.#slots.set(template, slot);
    this.#outbox.frame({ kind: kindTo.template, slot }, template);
    return slot;
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
    this.#resolveIdle();
    const lost = wanted.flatMap(({ call, isLost }) => (isLost ? [call] : []));
    const left = wanted.flatMap(({ call, isLost }) => (isLost ? [] : [call]));
    this.#host.closed(this, { lost, left, isWanted });
  }
}
