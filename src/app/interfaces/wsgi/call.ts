import type { Exchange } from '../../../http/exchange.ts';
import type { RequestBody } from '../../../http/request-body.ts';
import type { RequestText } from './environ.ts';

/** One request on its way through a Python process. */
export class Call {
  readonly exchange: Exchange;
  readonly text: RequestText;
  /** What of the request's body came before it was handed over, all of it where `rest` is `null`; `null` also once the exchange is over. */
  body: Uint8Array | null;
  /** The body, as far as it is still to come. */
  readonly rest: RequestBody | null;
  /** When it began to wait for a Python process. */
  readonly queuedMs: number;
  /** On its channel. */
  id = 0;
  /** When its process, which runs it, was last heard of it, or got something for it; `null`: it waits behind others. */
  heardMs: number | null = null;
  /** Bytes of the request's body that the process may get now. */
  bodyRoom = 0;
  /** Bytes of it that the process has and has not taken. */
  bodyHeld = 0;
  /** The client gave all of it, or no more will come. */
  isBodyWhole = true;
  /** Bytes of the answer that went to the client since the process was told that there is room again. */
  taken = 0;
  /** Bytes of the answer that the process sent and has no credit for. */
  owed = 0;
  hasBegunAnswer = false;
  /** The answer is whole; its process may still be busy with it. */
  isAnswered = false;
  /** Nobody waits for the answer any more. */
  isForsaken = false;

  constructor(
    exchange: Exchange,
    parts: { text: RequestText; body: Uint8Array | null; rest: RequestBody | null; nowMs: number },
  ) {
    this.exchange = exchange;
    this.text = parts.text;
    this.body = parts.body;
    this.rest = parts.rest;
    this.queuedMs = parts.nowMs;
    this.isBodyWhole = parts.rest === null;
  }
}
