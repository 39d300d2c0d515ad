import type { Call } from './call.ts';
import { kindTo, LAST, WINDOW_BYTES } from './frames.ts';
import type { Outbox } from './outbox.ts';

export interface UploadsOptions {
  readonly outbox: Outbox;
  /** Whether the process still has it. */
  has(call: Call): boolean;
  /** The client broke off. */
  broken(call: Call): void;
}

/** Moves the bodies of requests that did not come whole from the clients to one Python process, as far as that has room. */
export class Uploads {
  readonly #options: UploadsOptions;
  readonly #moving = new Set<Call>();

  constructor(options: UploadsOptions) {
    this.#options = options;
  }

  /** The request went out with the beginning of its body. */
  begin(call: Call): void {
    call.bodyHeld = call.body?.length ?? 0;
    call.bodyRoom = WINDOW_BYTES - call.bodyHeld;
    void this.#move(call);
  }

  /** The process has taken so many bytes more. */
  want(call: Call, bytes: number): void {
    call.bodyHeld = Math.max(0, call.bodyHeld - bytes);
    call.bodyRoom = Math.min(WINDOW_BYTES, call.bodyRoom + bytes);
    call.heardMs = performance.now();
    if (!call.isBodyWhole) void this.#move(call);
  }

  async #move(call: Call): Promise<void> {
    const { rest } = call;
    if (rest === null || this.#moving.has(call)) return;
    this.#moving.add(call);
    try {
      while (call.bodyRoom > 0 && !call.isBodyWhole && !call.isForsaken) {
        const piece = await rest.next();
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
