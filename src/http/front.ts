import type { Socket } from 'node:net';
import type { Peer } from './peer.ts';

/** Something that a connection has to pass before it speaks HTTP: a PROXY header, a TLS handshake. */
export interface Front {
  /** Takes over a connection. */
  take(socket: Socket, peer: Peer): void;
  /** How many are under way. */
  pending(): number;
  /** Resolves when none is under way; those that are after `withinMs` are cut. Nothing should be taken meanwhile. */
  settled(withinMs: number): Promise<void>;
  /** Cuts all that are under way, and says how many there were. */
  cut(): number;
}

/** The connections that are under way in a front, each with what it keeps of it. */
export interface Pending<T> {
  add(socket: Socket, what: T): void;
  get(socket: Socket): T | undefined;
  /** It passed, or is gone. */
  take(socket: Socket): T | undefined;
  readonly front: Pick<Front, 'pending' | 'settled' | 'cut'>;
}

export function createPending<T>(): Pending<T> {
  const underWay = new Map<Socket, T>();
  const waiting: (() => void)[] = [];
  const cut = () => {
    const left = underWay.size;
    for (const socket of underWay.keys()) socket.destroy();
    return left;
  };
  return {
    add: (socket, what) => void underWay.set(socket, what),
    get: (socket) => underWay.get(socket),
    take(socket) {
      const what = underWay.get(socket);
      underWay.delete(socket);
      if (underWay.size === 0) for (const resolve of waiting.splice(0)) resolve();
      return what;
    },
    front: {
      pending: () => underWay.size,
      settled(withinMs) {
        if (underWay.size === 0) return Promise.resolve();
        const timer = setTimeout(cut, withinMs);
        return new Promise((resolve) => {
          waiting.push(() => {
            clearTimeout(timer);
            resolve();
          });
        });
      },
      cut,
    },
  };
}
