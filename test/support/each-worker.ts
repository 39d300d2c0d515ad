import { type KeepAlive, openKeepAlive } from './client.ts';
import { eventually } from './eventually.ts';
import type { LogLine, Server } from './server.ts';

/** A connection to each worker, by the worker's pid; which worker accepts is the kernel's choice, so it takes some tries. */
export async function connectToEach(server: Server): Promise<Map<number, KeepAlive>> {
  const found = new Map<number, KeepAlive>();
  await eventually(async () => {
    const connection = await openKeepAlive({ port: server.port });
    const pid = Number((await connection.request('/pid')).body);
    if (found.has(pid)) connection.close();
    else found.set(pid, connection);
    return found.size === server.workers().length;
  });
  return found;
}

/** The first worker that gets ready from line `after` of the log on. */
export function replacementReady(server: Server, after: number): Promise<LogLine> {
  return server.event('worker.ready', undefined, { after });
}
