import type { HttpLimits } from '../http/limits.ts';
import type { Config } from '../settings.ts';
import type { RequestObserver, Service } from './contract.ts';
import { findFetchHandler } from './interfaces/fetch/handler.ts';
import { adaptNodeApplication } from './interfaces/node/adapt.ts';
import { createNodeService } from './interfaces/node/service.ts';
import { loadApplication } from './load.ts';

/**
 * Loads the application that the configuration names, seen from `directory`, and makes it answer by the interface that it has.
 *
 * @throws TsunicornError for a person; whatever else is thrown comes from the application.
 */
export async function serveApplication(
  config: Config,
  options: { limits: HttpLimits; observer: RequestObserver; directory: string },
): Promise<Service> {
  const { limits, observer, directory } = options;
  const wanted = config.interface;
  if (wanted !== 'node' && config.fastFetch) {
    // Before the application is loaded: it may keep the classes that it finds.
    const { installFastFetch } = await import('./interfaces/fetch/globals.ts');
    installFastFetch();
  }
  const application = await loadApplication(config.app, directory);
  const found = wanted === 'node' ? null : await findFetchHandler(application, wanted);
  if (found?.kind === 'fetch') {
    const { createFetchService } = await import('./interfaces/fetch/service.ts');
    return createFetchService(found.handler, {
      limits,
      observer,
      serverHeader: config.serverHeader,
      light: config.fastFetch,
      originOf: (fields, peer) => ({ clientAddress: peer.address, secure: peer.encrypted, fields }),
    });
  }
  const server = await adaptNodeApplication(found?.app ?? application, (error, { method = '', url = '' }) =>
    observer.failed(error, { method, target: url }),
  );
  return createNodeService(server, { limits, observer });
}
