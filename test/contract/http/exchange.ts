import { connectTo } from '../../support/target.ts';
import { takeAnswer } from './answers.ts';
import type { Barrier } from './barrier.ts';
import type { HttpAnswer, HttpCase } from './case.ts';
import { type Cut, cutUp, type Piece } from './cuts.ts';

/** What a server sent on one connection. */
export interface Outcome {
  readonly answers: readonly HttpAnswer[];
  /** Bytes behind the last whole answer. */
  readonly rest: Buffer;
  /** The server's bytes are no HTTP, or it did not close in time. */
  readonly fault: string | null;
}

/** Sent when a connection must still be usable; the answer to it shows that nothing of the case was left over. */
export const PROBE = 'GET /probe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

const WITHIN_MS = 5_000;
/** For the server to close, once nothing that it may still send can be right. */
const HOPELESS_MS = 200;

/**
 * Sends a case over a connection of its own, cut up as told, and reads until the server closes. An open connection gets the probe behind
 * the expected answers, and so is closed by the server too.
 */
export function exchange(
  subject: HttpCase,
  { port, cut, barrier }: { port: number; cut: Cut; barrier: Barrier },
): Promise<Outcome> {
  const stages = (typeof subject.send === 'string' ? [subject.send] : subject.send).map((text) => cutUp(text, cut));
  const finalsExpected = [subject.expect].flat().filter((status) => status >= 200).length;
  const probes = subject.after === 'open' || subject.after === 'open or closed';
  return new Promise((resolve) => {
    const socket = connectTo({ port });
    const answers: HttpAnswer[] = [];
    let finals = 0;
    let rest: Buffer = Buffer.alloc(0);
    let fault: string | null = null;
    let stage = 0;
    let sending = false;
    let over = false;

    const timer = setTimeout(() => {
      fault ??= `the server did not close within ${WITHIN_MS} ms`;
      socket.destroy();
    }, WITHIN_MS);

    function read(ended: boolean): void {
      try {
        for (;;) {
          const toHead = subject.headAnswers?.includes(finals) ?? false;
          const taken = takeAnswer(rest, { toHead, ended });
          if (taken === null) return;
          answers.push(taken.answer);
          if (taken.answer.status >= 200) finals += 1;
          rest = rest.subarray(taken.length);
        }
      } catch (thrown) {
        fault ??= thrown instanceof Error ? thrown.message : String(thrown);
        socket.destroy();
      }
    }

    async function send(pieces: readonly Piece[]): Promise<void> {
      sending = true;
      for (const { bytes, isReadFirst } of pieces) {
        if (isReadFirst) await barrier.pass();
        if (over || socket.destroyed) return;
        timer.refresh();
        await new Promise<void>((written) => socket.write(bytes, () => written()));
      }
      sending = false;
      if (stage === stages.length && subject.halfClose === true) socket.end();
      goOn();
    }

    /** Sends the next stage, or the probe, when its time has come. */
    function goOn(): void {
      if (sending || over) return;
      const next = stages[stage];
      if (next !== undefined && answers.length >= stage) {
        stage += 1;
        void send(next);
      } else if (next === undefined && stage === stages.length && probes && finals >= finalsExpected) {
        stage += 1;
        void send([{ bytes: Buffer.from(PROBE), isReadFirst: false }]);
      }
    }

    /** A case that fails already is not worth the whole wait; what comes within a moment still belongs into the message. */
    function giveUpEarly(): void {
      if (!hopeless(subject, answers)) return;
      setTimeout(() => {
        if (!socket.destroyed) fault ??= 'the server did not close';
        socket.destroy();
      }, HOPELESS_MS);
    }

    socket.on('connect', goOn);
    socket.on('data', (bytes: Buffer) => {
      rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
      read(false);
      giveUpEarly();
      goOn();
    });
    socket.on('end', () => {
      over = true;
    });
    // A reset is a close: what had come before it counts.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') fault ??= error.message;
    });
    socket.on('close', () => {
      over = true;
      clearTimeout(timer);
      read(fault === null);
      resolve({ answers, rest, fault });
    });
  });
}

/** No list of allowed answers begins with these, or the last one leaves a connection open that must be closed. */
function hopeless(subject: HttpCase, answers: readonly HttpAnswer[]): boolean {
  const counted = answers
    .map(({ status }) => status)
    .filter((status) => status !== 100 || subject.mayContinue !== true);
  const allowed = [[subject.expect].flat(), ...(subject.orElse ?? [])];
  const probed = subject.after === 'open' || subject.after === 'open or closed' ? 1 : 0;
  const begins = (list: readonly number[]) =>
    counted.length <= list.length + probed &&
    counted.slice(0, list.length).every((status, index) => status === list[index]);
  if (!allowed.some(begins)) return true;
  const [last] = answers.slice(-1);
  const complete = allowed.some((list) => list.length === counted.length);
  return subject.after === 'closed' && subject.halfClose !== true && complete && last !== undefined && !last.closes;
}
