import { writeSync } from 'node:fs';
import { closeAppend } from './log-file.ts';

/** Where the error log's lines go: one `write(2)` a line, done when `write` returns. */
export interface SyncDestination {
  /** Whole lines only, ended by a line feed. False if the line was lost; never throws and never waits. */
  write(line: string): boolean;
  /** Tries again to write what the kernel took only in part. */
  flush(): boolean;
  /** Lines written later are lost. */
  close(): void;
}

/**
 * Writes to `fd`; with `owned` it is closed by `close`. A pipe that is full (EAGAIN), a reader that is gone (EPIPE) or a full disk costs
 * lines, nothing else: logging never stops the server.
 */
export function syncDestination(fd: number, { owned }: { owned: boolean }): SyncDestination {
  let rest: Buffer = Buffer.alloc(0);
  let closed = false;

  // What was taken in part is finished before the next line, so that no line is ever torn by another.
  const flush = (): boolean => {
    while (!closed && rest.length > 0) {
      try {
        rest = rest.subarray(writeSync(fd, rest));
      } catch {
        return false;
      }
    }
    return !closed;
  };

  return {
    flush,
    write(line) {
      if (!flush()) return false;
      const bytes = Buffer.from(line);
      rest = bytes;
      flush();
      if (rest.length === bytes.length && bytes.length > 0) {
        rest = Buffer.alloc(0);
        return false;
      }
      return true;
    },
    close() {
      flush();
      if (closed) return;
      closed = true;
      if (owned) closeAppend(fd);
    },
  };
}
