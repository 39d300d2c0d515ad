import { expect } from 'chai';
import type { Conversation } from '../../support/conversation.ts';
import { openFds } from '../../support/process-tree.ts';
import type { Server } from '../../support/server.ts';
import { within } from '../../support/spawned.ts';

/** What two rounds of the server's timer and a busy machine may add to a deadline. */
const LATE_MS = 1_500;

/** What a client saw of the end of its connection. */
export interface Ending {
  readonly received: string;
  readonly errno: string | null;
}

/** Waits for the end of a connection, which must come when `limitMs` have passed since `sinceMs`: not before, and not much later. */
export async function endsAfter(
  conversation: Conversation,
  options: { limitMs: number; sinceMs: number },
): Promise<Ending> {
  const { limitMs, sinceMs } = options;
  const ended = within(conversation.closed, limitMs + 5_000, `not closed ${limitMs + 5_000} ms after its deadline`);
  const { errno, atMs } = await ended;
  expectOnTime(atMs - sinceMs, limitMs);
  return { received: conversation.received(), errno };
}

export function expectOnTime(elapsedMs: number, limitMs: number): void {
  expect(elapsedMs, `ms until a deadline of ${limitMs} ms`).to.be.within(limitMs - 1, limitMs + LATE_MS);
}

/** Sockets that the only worker holds: a client that does not read learns nothing of an end. */
export function socketsOf(server: Server): number {
  const [worker = 0] = server.workers();
  return openFds(worker).filter((target) => target.startsWith('socket:')).length;
}

export function statusOf(received: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(received)?.[1] ?? 0);
}

/** Sends `bytes` again and again until the connection ends. */
export function trickle({ socket, write }: Conversation, options: { bytes: string; everyMs: number }): void {
  const timer = setInterval(() => {
    if (socket.writable) write(options.bytes);
  }, options.everyMs);
  socket.once('close', () => clearInterval(timer));
}
