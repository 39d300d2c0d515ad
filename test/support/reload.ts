import type { LogEventName, LogLine, Server } from './server.ts';

/** Sends HUP and waits for what becomes of it. */
export async function reload(server: Server, outcome: LogEventName = 'reload.finished'): Promise<LogLine> {
  const after = server.mark();
  server.signal('SIGHUP');
  return await server.event(outcome, undefined, { after });
}
