import type { Server } from 'node:http';
import type { HttpLimits } from '../../../http/limits.ts';

/**
 * Leaves to Node what it does well, and switches off what is done here: its timers (each costs every request a `socket.setTimeout`) and its
 * answers of its own. Some of these are options of a server only when it is made; it reads them as properties at each connection.
 */
export function configureServer(server: Server, limits: HttpLimits): void {
  server.keepAliveTimeout = 0;
  server.headersTimeout = 0;
  server.requestTimeout = 0;
  // A worker's life is bounded by maxRequests; one connection's is not.
  server.maxRequestsPerSocket = 0;
  // One more than may be: what Node leaves out beyond this is refused, and never seen.
  server.maxHeadersCount = limits.maxFields + 1;
  const options = {
    // Of names, values and the target; the single limits are looked at when the head is whole.
    maxHeaderSize: limits.maxRequestLineBytes + limits.maxHeadBytes,
    insecureHTTPParser: false,
    requireHostHeader: false,
    // A client that shuts its sending side gets its answer (RFC 9112, section 9.6).
    httpAllowHalfOpen: true,
  };
  for (const [name, value] of Object.entries(options)) Reflect.set(server, name, value);
}
