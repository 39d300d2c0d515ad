import { InvalidResponse, renderFields } from '../../../http/response-head.ts';
import { readAnswerHead, readFields } from './answer-head.ts';
import type { Call } from './call.ts';
import { type Frame, kindTo, LAST, WINDOW_BYTES } from './frames.ts';
import type { Outbox } from './outbox.ts';

/** A process gets credit for what the client took when it is this much: a frame for each piece would be a waste. */
const CREDIT_BYTES = WINDOW_BYTES / 4;
/** Whole answers up to this size are sent as text, in one piece with their head. */
const TEXT_BYTES = 16 * 1024;

export interface AnsweringOptions {
  readonly outbox: Outbox;
  /** Whether the process still has it. */
  has(call: Call): boolean;
  /** The process sent what cannot be sent to a client. */
  invalid(call: Call, error: Error): void;
}

/** Hands the answers of one Python process to its clients, and gives it credit for what they have taken. */
export class Answering {
  readonly #options: AnsweringOptions;

  constructor(options: AnsweringOptions) {
    this.#options = options;
  }

  /** The head, and the body or its beginning. */
  begin(call: Call, { bytes, begin, end, flags, aux }: Frame): void {
    const { exchange } = call;
    const isWhole = (flags & LAST) !== 0;
    try {
      const head = readAnswerHead(bytes.toString('latin1', begin, begin + aux));
      exchange.answerFields = head.list;
      if (!isWhole) {
        exchange.begin(head, null);
        this.#write(call, bytes.subarray(begin + aux, end));
      } else if (end - begin - aux > TEXT_BYTES) exchange.respond(head, Buffer.from(bytes.subarray(begin + aux, end)));
      else exchange.respond(head, bytes.toString('latin1', begin + aux, end), 'latin1');
    } catch (error) {
      this.#refuse(call, error);
    }
    if (!isWhole) call.heardMs = performance.now();
  }

  piece(call: Call, { bytes, begin, end, flags }: Frame): void {
    call.heardMs = performance.now();
    try {
      this.#write(call, bytes.subarray(begin, end));
      if ((flags & LAST) === 0) return;
      const missing = call.exchange.end();
      if (missing > 0) throw new RangeError(`the body is ${missing} bytes shorter than its Content-Length`);
    } catch (error) {
      this.#refuse(call, error);
    }
  }

  /** Fields of an early answer. */
  hint(call: Call, { bytes, begin, end }: Frame): void {
    if (call.hasBegunAnswer || begin === end) return;
    try {
      call.exchange.hint(renderFields(readFields(bytes.toString('latin1', begin, end).split('\n'))).text);
    } catch (error) {
      this.#refuse(call, error);
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
    if (call.taken < CREDIT_BYTES || !this.#options.has(call)) return;
    this.#options.outbox.frame({ kind: kindTo.credit, id: call.id, aux: call.taken });
    call.owed -= call.taken;
    call.taken = 0;
    call.heardMs = performance.now();
  }

  /** The process goes on with it, and nobody listens. */
  #refuse(call: Call, error: unknown): void {
    if (!(error instanceof InvalidResponse) && !(error instanceof RangeError)) throw error;
    call.isForsaken = true;
    this.#options.outbox.frame({ kind: kindTo.gone, id: call.id });
    this.#options.invalid(call, error);
  }
}
