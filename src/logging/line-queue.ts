/** Whole lines that are written with one call. */
export interface Chunk {
  text: string;
  lines: number;
}

/** Lines that wait to be written, gathered into chunks. */
export interface LineQueue {
  /** False if the queue is full; the line is then not in it. */
  push(line: string): boolean;
  shift(): Chunk | undefined;
  bytes(): number;
}

/** A chunk takes lines up to `chunkBytes`, or one line that is longer; the queue takes `maxBytes`. */
export function createLineQueue(limits: { chunkBytes: number; maxBytes: number }): LineQueue {
  const chunks: (Chunk & { bytes: number })[] = [];
  let total = 0;
  return {
    push(line) {
      const bytes = Buffer.byteLength(line);
      if (total + bytes > limits.maxBytes) return false;
      total += bytes;
      const last = chunks.at(-1);
      if (last === undefined || last.bytes + bytes > limits.chunkBytes) {
        chunks.push({ text: line, bytes, lines: 1 });
        return true;
      }
      last.text += line;
      last.bytes += bytes;
      last.lines += 1;
      return true;
    },
    shift() {
      const chunk = chunks.shift();
      total -= chunk?.bytes ?? 0;
      return chunk;
    },
    bytes: () => total,
  };
}
