import type { Socket } from 'node:net';
import type { RequestObserver, Service } from '../app/contract.ts';
import { adaptNodeApplication } from '../app/interfaces/node/adapt.ts';
import { createNodeService } from '../app/interfaces/node/service.ts';
import { loadApplication } from '../app/load.ts';
import { limitsOf } from '../config/limits.ts';
import { errnoOf, TsunicornError } from '../errors.ts';
import type { InheritedListener } from '../ipc/messages.ts';
import { createCourtesy } from '../listener/courtesy.ts';
import { type Acceptor, acceptFrom } from '../listener/inherit.ts';
import type { Config } from '../settings.ts';

/**
 * Loads the application and makes it answer.
 *
 * @throws TsunicornError for a person; whatever else is thrown comes from the application.
 */
export async function bootService(config: Config, observer: RequestObserver): Promise<Service> {
  const application = await loadApplication(config.app, process.cwd());
  const server = await adaptNodeApplication(application, observer.failed);
  return createNodeService(server, { limits: limitsOf(config), observer, serverHeader: config.serverHeader });
}

/** Starts to accept on every inherited socket. Nothing is accepted before this: a worker without an application takes no connection. */
export function acceptAll(
  listeners: readonly InheritedListener[],
  backlog: number,
  service: Service,
): Promise<Acceptor[]> {
  const courtesy = createCourtesy({ openConnections: () => service.connections() });
  const onConnection = (socket: Socket) => {
    service.accept(socket);
    courtesy.accepted();
  };
  return Promise.all(
    listeners.map(({ fd, url }) =>
      acceptFrom(fd, backlog, onConnection).catch((cause: unknown) => {
        throw listenError(url, cause);
      }),
    ),
  );
}

/** Two servers that bind at the same moment both succeed; the one that listens second learns it only here. */
function listenError(url: string, cause: unknown): TsunicornError {
  if (errnoOf(cause) !== 'EADDRINUSE') {
    return new TsunicornError('BIND_FAILED', `Cannot listen on ${url}: ${String(cause)}.`, { cause });
  }
  const sentence = `Cannot listen on ${url}: another process began to listen there meanwhile. "ss -ltnp" shows which; stop it or change "bind".`;
  return new TsunicornError('BIND_IN_USE', sentence, { cause });
}
