import { expect } from 'chai';
import { eventually } from './eventually.ts';
import type { LogEventName, LogLine } from './log.ts';
import { openFds, rssBytes } from './process-tree.ts';
import type { Server } from './server.ts';

/** What a fault must leave as it was. */
export interface Standing {
  readonly workers: number;
  /** The descriptors of the master. */
  readonly masterFds: number;
  readonly masterRssBytes: number;
}

/** How a server stands at this moment. */
export function standingOf(server: Server): Standing {
  return {
    workers: server.workers().length,
    masterFds: openFds(server.pid).length,
    masterRssBytes: rssBytes(server.pid),
  };
}

/** Waits until there are as many workers again, all of them ready, and the master holds as many descriptors as before. */
export async function expectRecovered(server: Server, before: Standing, timeoutMs = 10_000): Promise<void> {
  const { workers, masterFds } = before;
  await eventually(() => readyWorkers(server) === workers && server.workers().length === workers, {
    timeoutMs,
    until: `there are ${workers} workers again`,
  });
  await eventually(() => openFds(server.pid).length === masterFds, {
    until: `the master has ${masterFds} descriptors again`,
  }).catch((error) => {
    throw new Error(`${error.message}; it has ${openFds(server.pid).join(' ')}`);
  });
}

/** How many of the live workers said that they are ready. */
export function readyWorkers(server: Server): number {
  const ready = new Set(server.log.filter(({ event }) => event === 'worker.ready').map(({ workerPid }) => workerPid));
  return server.workers().filter((pid) => ready.has(pid)).length;
}

/** The lines of the log with this event; `about` narrows them to those about one worker. */
export function told(server: Server, event: LogEventName, about?: number): LogLine[] {
  return server.log.filter((line) => line.event === event && (about === undefined || line.workerPid === about));
}

/** A fault is told of once, and not in a storm. */
export function expectToldOnce(server: Server, event: LogEventName, about?: number): LogLine {
  const lines = told(server, event, about);
  expect(lines, `${event} is logged once`).to.have.length(1);
  const [line] = lines;
  if (line === undefined) throw new Error(`no ${event}`);
  return line;
}
