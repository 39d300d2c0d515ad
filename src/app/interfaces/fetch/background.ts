/** The work that applications hand over by `waitUntil`, as far as it is not done. */
export interface Background {
  add(promise: Promise<unknown>): void;
  /** Resolves when none is left. */
  settled(): Promise<void>;
}

export function createBackground(onRejected: (error: unknown) => void): Background {
  const open = new Set<Promise<void>>();
  return {
    add(promise) {
      const settled: Promise<void> = Promise.resolve(promise).then(() => {}, onRejected);
      open.add(settled);
      void settled.finally(() => open.delete(settled));
    },
    async settled() {
      while (open.size > 0) await Promise.all(open);
    },
  };
}
