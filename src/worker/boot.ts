import type { Socket } from 'node:net';
import type { RequestObserver, Service } from '../app/contract.ts';
import { serveApplication } from '../app/serve.ts';
import { limitsOf } from '../config/limits.ts';
import { errnoOf, TsunicornError } from '../errors.ts';
import type { Peer } from '../http/peer.ts';
import type { BootMessage, InheritedListener } from '../ipc/messages.ts';
import { createCourtesy } from '../listener/courtesy.ts';
import { type Acceptor, acceptFrom, descriptorOf, type RemoteEnd } from '../listener/inherit.ts';
import type { Logger } from '../logging/logger.ts';
import type { Config } from '../settings.ts';
import type { DescriptorWatch } from './descriptors.ts';
import type { Equipment } from './equipment.ts';
import { logPython } from './python-log.ts';

/**
 * Loads the application and makes it answer.
 *
 * @throws TsunicornError for a person; whatever else is thrown comes from the application.
 */
export async function bootService(
  config: Config,
  { observer, log }: { observer: RequestObserver; log: Logger },
): Promise<Service> {
  const report = logPython(log);
  return await serveApplication(config, { limits: limitsOf(config), observer, directory: process.cwd(), report });
}

/**
 * Puts in front of a service what the settings ask for: the PROXY protocol, and behind it TLS.
 *
 * @throws TsunicornError `HOOK_FAILED`
 */
export async function behindFronts(
  service: Service,
  boot: BootMessage,
  context: { equipment: Equipment; observer: RequestObserver },
): Promise<Service> {
  const { config, tls } = boot;
  const { hooks, log } = context.equipment;
  let front = service;
  // Loaded on demand: most servers need neither.
  if (tls !== null) {
    const { behindTls } = await import('./tls.ts');
    front = await behindTls(front, tls, { config, hooks, log });
  }
  if (config.proxyProtocol !== 'off') {
    const { behindProxies } = await import('./proxy.ts');
    front = behindProxies(front, config.proxyProtocol, { config, refused: context.observer.refused });
  }
  return front;
}

/** Starts to accept on every inherited socket. Nothing is accepted before this: a worker without an application takes no connection. */
export function acceptAll(
  listeners: readonly InheritedListener[],
  backlog: number,
  { service, descriptors }: { service: Service; descriptors: Pick<DescriptorWatch, 'accepted'> },
): Promise<(Acceptor & { readonly url: string })[]> {
  const courtesy = createCourtesy({ openConnections: () => service.connections() });
  const { open } = service;
  const accepted = (socket: Socket) => {
    courtesy.accepted();
    descriptors.accepted(descriptorOf(socket));
  };
  const handlersFor = (url: string) => {
    const ours = serverOf(url);
    const peerOf = (remote: RemoteEnd): Peer => ({ ...remote, encrypted: false, ...ours });
    const onConnection = (socket: Socket, remote: RemoteEnd) => {
      service.accept(socket, peerOf(remote));
      accepted(socket);
    };
    if (open === undefined) return { onConnection };
    const onSocket = (socket: Socket, remote: RemoteEnd) => {
      const receive = open(socket, peerOf(remote));
      accepted(socket);
      return receive;
    };
    return { onConnection, onSocket };
  };
  return Promise.all(
    listeners.map(async ({ fd, url }) => {
      const acceptor = await acceptFrom(fd, backlog, handlersFor(url)).catch((cause: unknown) => {
        throw listenError(url, cause);
      });
      return { ...acceptor, url };
    }),
  );
}

/** From `http://HOST:PORT`, as the master names a socket; nothing for a unix socket. */
function serverOf(url: string): Pick<Peer, 'server'> {
  if (!URL.canParse(url)) return {};
  const { hostname, port, protocol } = new URL(url);
  const usual = protocol === 'https:' ? 443 : 80;
  return hostname === '' ? {} : { server: { name: hostname, port: port === '' ? usual : Number(port) } };
}

/** Two servers that bind at the same moment both succeed; the one that listens second learns it only here. */
function listenError(url: string, cause: unknown): TsunicornError {
  if (errnoOf(cause) !== 'EADDRINUSE') {
    return new TsunicornError('BIND_FAILED', `Cannot listen on ${url}: ${String(cause)}.`, { cause });
  }
  const sentence = `Cannot listen on ${url}: another process began to listen there meanwhile. "ss -ltnp" shows which; stop it or change "bind".`;
  return new TsunicornError('BIND_IN_USE', sentence, { cause });
}
