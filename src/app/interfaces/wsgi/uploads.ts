import { SMALL_BYTES } from '../../../http/pieces.ts';
import type { Call } from './call.ts';
import { kindTo, LAST, WINDOW_BYTES } from './frames.ts';
import type { Outbox } from './outbox.ts';

/** What of a call matters here. */
export type Upload = Pick<
  Call,
  'id' | 'body' | 'rest' | 'bodyRoom' | 'bodyHeld' | 'isBodyWhole' | 'isForsaken' | 'heardMs'
>;

export interface UploadsOptions<C extends Upload> {
  readonly outbox: Pick<Outbox, 'frame'>;
  /** Whether the process still has it. */
  has(call: C): boolean;
  /** The client broke off. */
  broken(call: C): void;
}

/** Moves the bodies of requests that did not come whole from the clients to one Python process, as far as that has room. */
export class Uploads<C extends Upload> {
  readonly #options: UploadsOptions<C>;
  readonly #moving = new Set<C>();

  constructor(options: UploadsOptions<C>) {
    this.#options = options;
  }

  /** The request went out with the beginning of its body. */
  begin(call: C): void {
    call.bodyHeld = call.body?.length ?? 0;
    call.bodyRoom = WINDOW_BYTES - call.bodyHeld;
    void this.#move(call);
  }

  /** The process has taken so many bytes more. */
  want(call: C, bytes: number): void {
    call.bodyHeld = Math.max(0, call.bodyHeld - bytes);
    call.bodyRoom = Math.min(WINDOW_BYTES, call.bodyRoom + bytes);
    call.heardMs = performance.now();
    if (call.isBodyWhole) return;
    if (call.bodyHeld === 0) call.rest?.hurry();
    void this.#move(call);
  }

  async #move(call: C): Promise<void> {
    const { rest } = call;
    if (rest === null || this.#moving.has(call)) return;
    this.#moving.add(call);
    try {
      while (call.bodyRoom > 0 && !call.isBodyWhole && !call.isForsaken) {
        // While the process has something to take, small pieces wait for company: a frame each would cost it far more than their bytes.
        const piece = await rest.next(call.bodyHeld === 0 ? 1 : SMALL_BYTES);
        if (!this.#options.has(call)) break;
        call.heardMs = performance.now();
        call.isBodyWhole = piece === null;
        call.bodyRoom -= piece?.length ?? 0;
        call.bodyHeld += piece?.length ?? 0;
        const flags = piece === null ? LAST : 0;
        this.#options.outbox.frame({ kind: kindTo.body, flags, id: call.id }, '', piece);
      }
    } catch {
      // The body was broken off: its exchange is over, or will be.
      this.#options.broken(call);
    } finally {
      this.#moving.delete(call);
    }
  }
}
