/** Something a test started and must end: a server, a load, a folder. */
export interface Owned {
  /** What it is, for a complaint: `'server 1234'`. */
  readonly label: string;
  /** Ends it at once, without waiting: processes by SIGKILL to their pids. Never throws. */
  destroy(): void;
}

const owned = new Set<Owned>();
let watchesExit = false;

/** Registers something until `disown`; what is still there when this process exits is destroyed. */
export function own(thing: Owned): void {
  owned.add(thing);
  if (watchesExit) return;
  watchesExit = true;
  process.on('exit', () => destroyAll(ownedNow()));
}

/** Says that a thing was ended in order. */
export function disown(thing: Owned): void {
  owned.delete(thing);
}

/** What is owned at this moment, oldest first. */
export function ownedNow(): Owned[] {
  return [...owned];
}

/** Destroys and forgets the things, newest first. */
export function destroyAll(things: readonly Owned[]): void {
  for (const thing of things.toReversed()) {
    thing.destroy();
    owned.delete(thing);
  }
}
