import { connectTo } from '../../support/target.ts';
import { takeAnswer } from './answers.ts';

/** Tells when the server has read what was sent before. */
export interface Barrier {
  /** Resolves when a request that was sent now is answered: a server of one thread has then read what lay there before. */
  pass(): Promise<void>;
  close(): void;
}

const PING = Buffer.from('GET /ping HTTP/1.1\r\nHost: a\r\n\r\n');
/** A server that does not even answer this will fail the cases themselves. */
const WITHIN_MS = 1_000;

/**
 * Two writes are two reads only when the server reads in between, and only an answer of the server says so. One connection asks for all
 * that wait: who comes while a question is under way waits for the next one.
 */
export function openBarrier(port: number): Barrier {
  const socket = connectTo({ port });
  let rest: Buffer = Buffer.alloc(0);
  let asked: (() => void)[] = [];
  let waiting: (() => void)[] = [];
  let isOpen = true;
  let timer: NodeJS.Timeout | undefined;

  function ask(): void {
    if (waiting.length === 0) return;
    asked = waiting;
    waiting = [];
    socket.write(PING);
    timer = setTimeout(giveUp, WITHIN_MS);
  }

  function answered(): void {
    clearTimeout(timer);
    const passing = asked;
    asked = [];
    for (const pass of passing) pass();
    if (asked.length === 0) ask();
  }

  function giveUp(): void {
    isOpen = false;
    clearTimeout(timer);
    for (const pass of [...asked, ...waiting]) pass();
    socket.destroy();
  }

  socket.on('data', (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    const taken = takeAnswer(rest, { toHead: false, ended: false });
    if (taken === null) return;
    rest = rest.subarray(taken.length);
    answered();
  });
  socket.on('error', () => {});
  socket.on('close', giveUp);

  return {
    pass() {
      if (!isOpen) return new Promise((resolve) => setImmediate(resolve));
      return new Promise((resolve) => {
        waiting.push(resolve);
        if (asked.length === 0) ask();
      });
    },
    close: giveUp,
  };
}
