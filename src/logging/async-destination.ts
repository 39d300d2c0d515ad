import { write, writeSync } from 'node:fs';
import { errnoOf } from '../errors.ts';
import { type Flight, linesLeft, redirect } from './flight.ts';
import { createLineQueue, type LineQueue } from './line-queue.ts';
import { closeAppend } from './log-file.ts';

/** Where access lines go: collected, and written in the background. */
export interface AsyncDestination {
  /** Whole lines only, ended by a line feed. Never throws and never waits; a line that finds no room is lost and counted. */
  write(line: string): void;
  /** Goes on with another descriptor. What is being written is finished on the old one, which is then closed. */
  switchTo(fd: number): void;
  /** Writes what is collected before it returns, for a process that ends at once. */
  flushSync(): void;
  /** Writes what is collected and closes the descriptor. A device that fails, or is stuck for `closeMs`, costs the lines. */
  close(): Promise<void>;
}

/** The limits of an {@link AsyncDestination}. */
export interface AsyncDestinationLimits {
  /** Lines are written after this time, or as soon as `flushBytes` are collected. */
  flushMs: number;
  flushBytes: number;
  /** The longest write of more than one line. */
  chunkBytes: number;
  /** The most that waits for a slow or a full device. */
  maxBytes: number;
  retryMs: number;
  closeMs: number;
}

/** Hears of a device that fails: once at the start of the outage, and of lost lines when it is over. */
export interface OutageListener {
  failed(error: unknown): void;
  lost(lines: number): void;
}

interface Writer {
  limits: AsyncDestinationLimits;
  outage: OutageListener;
  queue: LineQueue;
  fd: number;
  flight: Flight | null;
  flushTimer: NodeJS.Timeout | undefined;
  /** Runs exactly while the flight waits to be tried again. */
  retryTimer: NodeJS.Timeout | undefined;
  failing: boolean;
  lostLines: number;
  life: { phase: 'open' } | { phase: 'closing'; resolve: () => void } | { phase: 'closed' };
}

/**
 * Buffers lines for `fd` and owns it, unless it is standard output.
 *
 * pino.destination was tried first: on a full disk its `flushSync` never returns, so that the process cannot exit, and a `reopen` after
 * one that failed closes the old descriptor twice, by then perhaps a client's socket (sonic-boom 4.2.1).
 */
export function asyncDestination(
  fd: number,
  options: { limits: AsyncDestinationLimits; outage: OutageListener },
): AsyncDestination {
  const writer: Writer = {
    ...options,
    queue: createLineQueue(options.limits),
    fd,
    flight: null,
    flushTimer: undefined,
    retryTimer: undefined,
    failing: false,
    lostLines: 0,
    life: { phase: 'open' },
  };
  let closed: Promise<void> | undefined;
  return {
    write: (line) => collect(writer, line),
    switchTo: (next) => switchTo(writer, next),
    flushSync: () => flushSync(writer),
    close() {
      closed ??= new Promise((resolve) => startClosing(writer, resolve));
      return closed;
    },
  };
}

function collect(writer: Writer, line: string): void {
  if (writer.life.phase !== 'open' || !writer.queue.push(line)) {
    writer.lostLines += 1;
    return;
  }
  schedule(writer);
}

function schedule(writer: Writer): void {
  if (writer.flight !== null) return;
  if (writer.queue.bytes() >= writer.limits.flushBytes || writer.life.phase === 'closing') startFlight(writer);
  else if (writer.queue.bytes() > 0) {
    writer.flushTimer ??= setTimeout(() => startFlight(writer), writer.limits.flushMs).unref();
  }
}

function startFlight(writer: Writer): void {
  clearTimeout(writer.flushTimer);
  writer.flushTimer = undefined;
  if (writer.flight !== null) return;
  const chunk = writer.queue.shift();
  if (chunk === undefined) {
    finishClosing(writer);
    return;
  }
  writer.flight = { fd: writer.fd, bytes: Buffer.from(chunk.text), written: 0 };
  submit(writer, writer.flight);
}

function submit(writer: Writer, flight: Flight): void {
  write(flight.fd, flight.bytes, flight.written, flight.bytes.length - flight.written, null, (error, count) => {
    if (writer.life.phase === 'closed') {
      // `finishClosing` did not wait and left the descriptor to this write.
      closeAppend(flight.fd);
      return;
    }
    if (error !== null) {
      endure(writer, { flight, error });
      return;
    }
    flight.written += count;
    if (flight.written < flight.bytes.length) submit(writer, flight);
    else land(writer, flight);
  });
}

function land(writer: Writer, flight: Flight): void {
  writer.flight = null;
  writer.failing = false;
  if (flight.fd !== writer.fd) closeAppend(flight.fd);
  // Not while the queue is still full, or a slow device would be reported with every chunk.
  if (writer.queue.bytes() < writer.limits.flushBytes) reportLost(writer);
  schedule(writer);
}

/** A full pipe (EAGAIN) is no outage, it only takes its time. Anything else may pass too: a disk is cleaned up, a reader comes back. */
function endure(writer: Writer, { flight, error }: { flight: Flight; error: unknown }): void {
  const busy = errnoOf(error) === 'EAGAIN';
  if (!busy && !writer.failing) {
    writer.failing = true;
    writer.outage.failed(error);
  }
  if (!busy && writer.life.phase === 'closing') {
    abandon(writer, flight);
    finishClosing(writer);
    return;
  }
  writer.retryTimer = setTimeout(() => retry(writer, flight), busy ? 10 : writer.limits.retryMs);
  if (writer.life.phase === 'open') writer.retryTimer.unref();
}

function retry(writer: Writer, flight: Flight): void {
  clearTimeout(writer.retryTimer);
  writer.retryTimer = undefined;
  if (flight.fd !== writer.fd) {
    closeAppend(flight.fd);
    writer.lostLines += redirect(flight, writer.fd);
  }
  if (flight.written < flight.bytes.length) submit(writer, flight);
  else land(writer, flight);
}

function switchTo(writer: Writer, next: number): void {
  const { fd: previous, flight } = writer;
  writer.fd = next;
  if (flight?.fd !== previous) closeAppend(previous);
  if (flight !== null && writer.retryTimer !== undefined) retry(writer, flight);
}

function flushSync(writer: Writer): void {
  // A device that is full may have half of a line, and nothing may follow that but the other half.
  const isHalfWritten = writer.flight !== null && writer.flight.written > 0;
  if (isHalfWritten || writer.life.phase !== 'open') return;
  // What is in flight is written by its thread, which a process waits for when it exits.
  for (let chunk = writer.queue.shift(); chunk !== undefined; chunk = writer.queue.shift()) {
    try {
      const bytes = Buffer.from(chunk.text);
      for (let written = 0; written < bytes.length; ) written += writeSync(writer.fd, bytes, written);
    } catch {
      writer.lostLines += chunk.lines;
    }
  }
}

function startClosing(writer: Writer, closed: () => void): void {
  const deadline = setTimeout(() => finishClosing(writer), writer.limits.closeMs);
  const resolve = (): void => {
    clearTimeout(deadline);
    closed();
  };
  writer.life = { phase: 'closing', resolve };
  if (writer.flight !== null && writer.retryTimer !== undefined) retry(writer, writer.flight);
  else schedule(writer);
}

function finishClosing(writer: Writer): void {
  if (writer.life.phase !== 'closing') return;
  const { resolve } = writer.life;
  writer.life = { phase: 'closed' };
  if (writer.flight !== null && writer.retryTimer !== undefined) abandon(writer, writer.flight);
  clearTimeout(writer.retryTimer);
  // A write that is stuck still uses its descriptor: closed under it, the number could become somebody else's.
  if (writer.flight?.fd !== writer.fd) closeAppend(writer.fd);
  if (writer.flight !== null) writer.lostLines += linesLeft(writer.flight);
  for (let chunk = writer.queue.shift(); chunk !== undefined; chunk = writer.queue.shift()) {
    writer.lostLines += chunk.lines;
  }
  reportLost(writer);
  resolve();
}

function abandon(writer: Writer, flight: Flight): void {
  writer.lostLines += linesLeft(flight);
  if (flight.fd !== writer.fd) closeAppend(flight.fd);
  writer.flight = null;
}

function reportLost(writer: Writer): void {
  if (writer.lostLines === 0) return;
  const lines = writer.lostLines;
  writer.lostLines = 0;
  writer.outage.lost(lines);
}
