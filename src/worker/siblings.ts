import type { MasterChannel } from './channel.ts';

/** Longer than siblings need to empty their queues; nobody waits for one that is stuck. */
const SIBLINGS_REFUSE_WITHIN_MS = 1_000;

/** The other workers, as far as a stop has to wait for them. */
export interface Siblings {
  /** Tells the master that this worker accepts no more, and resolves when none does. */
  refuse(): Promise<void>;
  allRefuse(): void;
}

export function createSiblings(channel: MasterChannel): Siblings {
  let resolve = () => {};
  const told = new Promise<void>((done) => {
    resolve = done;
  });
  return {
    async refuse() {
      const timer = setTimeout(resolve, SIBLINGS_REFUSE_WITHIN_MS);
      await channel.send({ type: 'refusing' });
      await told;
      clearTimeout(timer);
    },
    allRefuse: () => resolve(),
  };
}
