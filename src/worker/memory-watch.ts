const MIB = 1_048_576;

/**
 * Returns what looks at the memory of this process, to be called now and then; a look takes some ten microseconds, so not for each request.
 * `outgrown` is called once, when the resident set is above the limit; it grows back soon after what frees it, so one look is enough.
 */
export function createMemoryWatch(options: {
  /** `null`: any amount. */
  readonly maxMemoryMiB: number | null;
  residentBytes(): number;
  outgrown(memoryMiB: number): void;
}): () => void {
  let limitMiB = options.maxMemoryMiB;
  return () => {
    if (limitMiB === null) return;
    const memoryMiB = Math.ceil(options.residentBytes() / MIB);
    if (memoryMiB <= limitMiB) return;
    limitMiB = null;
    options.outgrown(memoryMiB);
  };
}
