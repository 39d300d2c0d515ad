import { type ReadableStream, ReadableStreamDefaultController } from 'node:stream/web';
import { inspect } from 'node:util';
import { NativeReadableStream } from './native.ts';
import { promised, refuse, type Source, type Taker } from './stream-source.ts';

type NativeController = ReadableStreamDefaultController<unknown>;
type Phase = 'open' | 'closing' | 'closed' | 'errored';

const SETTLED = Promise.resolve();

/**
 * The controller of a light stream, and all that the stream knows. As long as nobody reads, it does what the standard says of a stream with
 * a highWaterMark of 1: `start()` at once, `pull()` a microtask later, a piece ahead. Then either a {@link Taker} gets the pieces, or a
 * stream of the platform gets all there is, and everything from then on.
 *
 * For a taker, too, `pull()` is called at most once in a microtask, and what an application began in it runs first: pulling in a loop
 * instead would save 2 µs of an answer of 16 pieces, and calls a `pull()` that leaves `close()` to a promise without end.
 */
export class LightController {
  readonly #source: Source;
  readonly #queue: unknown[] = [];
  #phase: Phase = 'open';
  #error: unknown;
  /** `start()` or `pull()` is not over; meanwhile no other `pull()` is called. */
  #isBusy = true;
  /** This very moment. */
  #isInside = false;
  /** What it returned was no promise: it is over at the next turn. */
  #isOver = false;
  /** Otherwise, that promise. */
  #busyWith: Promise<unknown> | undefined;
  #pullsAgain = true;
  #isTurnDue = false;
  readonly #turn = (): void => this.#takeTurn();

  /** Whether somebody has the pieces, or had them. */
  #isTaken = false;
  #taker: Taker | null = null;
  /** The taker waits for a piece: what the standard calls a pending read. */
  #isReading = false;
  /** How many of the queue went to a pending read, and so do not count as queued: 1 or 0. */
  #given = 0;
  #isWaiting = false;

  /** Of the stream of the platform that took over; or, for one that a taker has, of the one that shows how it is. */
  #native: NativeController | null = null;
  #shown: NativeController | null = null;

  /** @throws whatever `start()` throws. */
  constructor(source: Source) {
    this.#source = source;
    this.#await(source.start?.call(source.self, this));
  }

  get desiredSize(): number | null {
    if (this.#native !== null) return this.#native.desiredSize;
    if (this.#phase === 'errored') return null;
    return this.#phase === 'closed' ? 0 : 1 - (this.#queue.length - this.#given);
  }

  /** @throws TypeError after `close()`, `error()` or a cancel. */
  enqueue(chunk: unknown = undefined): void {
    if (this.#native !== null) return this.#native.enqueue(chunk);
    if (this.#phase !== 'open') refuse('enqueue', chunk);
    this.#queue.push(chunk);
    if (this.#isReading) {
      this.#isReading = false;
      this.#given = 1;
    }
    this.#pullIfNeeded();
    this.#scheduleIfTaken();
  }

  /** @throws TypeError as {@link enqueue}. */
  close(): void {
    if (this.#native !== null) return this.#native.close();
    if (this.#phase !== 'open') refuse('close');
    this.#phase = this.#queue.length === this.#given ? 'closed' : 'closing';
    this.#scheduleIfTaken();
  }

  error(error: unknown = undefined): void {
    if (this.#native !== null) this.#native.error(error);
    else this.#fail(error);
  }

  [inspect.custom](): string {
    return 'ReadableStreamDefaultController {}';
  }

  /** Nobody has looked at the pieces. */
  static isFresh(controller: LightController): boolean {
    return !controller.#isTaken && controller.#native === null;
  }

  /** Somebody took them, other than a stream of the platform. */
  static isTaken(controller: LightController): boolean {
    return controller.#isTaken;
  }

  /** Only for one that is fresh: for good. The taker is called from the next microtask on. */
  static take(controller: LightController, taker: Taker): void {
    controller.#isTaken = true;
    controller.#taker = taker;
    controller.#isReading = controller.#queue.length === 0 && controller.#phase === 'open';
    controller.#pullIfNeeded();
    controller.#schedule();
  }

  /** The taker has room again. */
  static resume(controller: LightController): void {
    controller.#isWaiting = false;
    controller.#scheduleIfTaken();
  }

  /** The taker, or who might have been it, wants nothing more. Rejects with what `cancel()` threw, or the stream failed with. */
  static async cancel(controller: LightController, reason?: unknown): Promise<void> {
    controller.#isTaken = true;
    controller.#taker = null;
    if (controller.#phase === 'errored') throw controller.#error;
    if (controller.#phase === 'closed') return;
    controller.#phase = 'closed';
    controller.#queue.length = 0;
    controller.#given = 0;
    controller.#show();
    const { self, cancel } = controller.#source;
    await cancel?.call(self, reason);
  }

  /** A stream of the platform with these pieces; one that is locked if a taker has them. Only once. */
  static toNative(controller: LightController): ReadableStream<unknown> {
    return controller.#isTaken ? controller.#lockedNative() : controller.#handOver();
  }

  #handOver(): ReadableStream<unknown> {
    const { self, pull, cancel } = this.#source;
    return new NativeReadableStream<unknown>({
      start: (native) => {
        for (const piece of this.#queue.splice(0)) native.enqueue(piece);
        if (this.#phase === 'errored') native.error(this.#error);
        else if (this.#phase !== 'open') native.close();
        this.#native = native;
        // The platform calls pull() only after this.
        return this.#busyWith?.then(() => {});
      },
      ...(pull === undefined ? {} : { pull: () => promised(pull.call(self, this)) }),
      ...(cancel === undefined ? {} : { cancel: (reason) => promised(cancel.call(self, reason)) }),
    });
  }

  /** For those who ask a stream that is being sent what it is. */
  #lockedNative(): ReadableStream<unknown> {
    const native = new NativeReadableStream<unknown>({
      start: (shown) => {
        this.#shown = shown;
      },
    });
    native
      .getReader()
      .read()
      .catch(() => {});
    if (this.#taker === null) this.#show();
    return native;
  }

  #show(): void {
    if (this.#phase === 'errored') this.#shown?.error(this.#error);
    else this.#shown?.close();
  }

  #fail(error: unknown): void {
    if (this.#native !== null || this.#phase === 'closed' || this.#phase === 'errored') return;
    this.#phase = 'errored';
    this.#error = error;
    this.#queue.length = this.#given;
    this.#scheduleIfTaken();
  }

  #pullIfNeeded(): void {
    const { self, pull } = this.#source;
    if (pull === undefined || this.#phase !== 'open') return;
    if (!this.#isReading && this.#queue.length > this.#given) return;
    if (this.#isBusy) {
      this.#pullsAgain = true;
      return;
    }
    this.#isBusy = true;
    this.#isInside = true;
    let result: unknown;
    try {
      result = pull.call(self, this);
    } catch (error) {
      result = Promise.reject(error);
    }
    this.#isInside = false;
    this.#await(result);
  }

  #await(result: unknown): void {
    if (typeof result !== 'object' || result === null) {
      this.#isOver = true;
      this.#schedule();
      return;
    }
    this.#scheduleIfTaken();
    this.#busyWith = promised(result);
    this.#busyWith.then(
      () => this.#over(),
      (error: unknown) => this.#fail(error),
    );
  }

  #over(): void {
    this.#busyWith = undefined;
    this.#isBusy = false;
    if (!this.#pullsAgain) return;
    this.#pullsAgain = false;
    this.#pullIfNeeded();
  }

  /** Not within `pull()`: what that leaves to a promise comes before our turn. */
  #scheduleIfTaken(): void {
    if (this.#taker !== null && !this.#isInside) this.#schedule();
  }

  #schedule(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    SETTLED.then(this.#turn);
  }

  #takeTurn(): void {
    this.#isTurnDue = false;
    if (this.#native !== null) return;
    const isOver = this.#isOver;
    this.#isOver = false;
    if (this.#taker !== null && !this.#isWaiting) this.#give(this.#taker);
    if (isOver) this.#over();
  }

  #give(taker: Taker): void {
    try {
      while (this.#queue.length > 0 && !this.#isWaiting) {
        this.#given = 0;
        this.#isWaiting = !taker.take(this.#queue.shift());
      }
    } catch (error) {
      this.#taker = null;
      return taker.failed(error);
    }
    // What took it may have cancelled.
    if (this.#isWaiting || this.#taker === null) return;
    if (this.#phase === 'open') {
      if (this.#isReading) return;
      this.#isReading = true;
      this.#pullIfNeeded();
    } else {
      this.#finish(taker);
    }
  }

  #finish(taker: Taker): void {
    this.#taker = null;
    if (this.#phase === 'closing') this.#phase = 'closed';
    this.#show();
    if (this.#phase === 'errored') taker.failed(this.#error);
    else taker.ended();
  }
}

Object.setPrototypeOf(LightController.prototype, ReadableStreamDefaultController.prototype);
Object.defineProperty(LightController.prototype, 'constructor', { value: ReadableStreamDefaultController });
