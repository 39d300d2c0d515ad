/**
 * What the bodies may take that are gathered, that wait for a Python process, or that one works on: as much as 85 of the largest that are
 * gathered whole, which is little for a machine that runs Python, and far more than well-behaved clients send in a moment.
 */
export const MOST_BYTES_TOGETHER = 64 * 1024 * 1024;

/** The memory of one request's body. */
export interface BodyShare {
  /** All bodies together take too much: this one must not grow further. */
  readonly isShort: boolean;
  /** It takes so many bytes from now on, in all. */
  take(bytes: number): void;
  /** Its request is over. What is taken later does not count. */
  release(): void;
}

/** The memory of all bodies of a worker that are held on behalf of Python processes. */
export interface BodyMemory {
  readonly heldBytes: number;
  share(): BodyShare;
}

export function createBodyMemory(mostBytes = MOST_BYTES_TOGETHER): BodyMemory {
  let heldBytes = 0;
  return {
    get heldBytes() {
      return heldBytes;
    },
    share() {
      let own = 0;
      let isReleased = false;
      return {
        get isShort() {
          return heldBytes >= mostBytes;
        },
        take(bytes) {
          if (isReleased) return;
          heldBytes += bytes - own;
          own = bytes;
        },
        release() {
          heldBytes -= own;
          own = 0;
          isReleased = true;
        },
      };
    },
  };
}
