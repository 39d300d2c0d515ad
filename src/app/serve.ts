import { TsunicornError } from '../errors.ts';
import { createForwarding, type Forwarding } from '../http/forwarded.ts';
import type { HttpLimits } from '../http/limits.ts';
import type { OriginOf } from '../http/origin.ts';
import type { Config } from '../settings.ts';
import type { RequestObserver, Service } from './contract.ts';
import { installFastFetch } from './interfaces/fetch/globals.ts';
import { findFetchHandler } from './interfaces/fetch/handler.ts';
import { createFetchService } from './interfaces/fetch/service.ts';
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
  // The WSGI service starts here once it exists.
  if (wanted === 'wsgi') throw new TsunicornError('APP_LOAD', 'The interface "wsgi" is not wired yet.');
  const originOf = originFrom(
    createForwarding({ ...config, headerMap: config.headerMap === 'drop' ? 'keep' : 'refuse' }),
  );
  // Before the application is loaded: it may keep the classes that it finds.
  const fastFetch = wanted !== 'node' && config.fastFetch ? installFastFetch() : null;
  const application = await loadApplication(config.app, directory);
  const found = wanted === 'node' ? null : await findFetchHandler(application, wanted);
  if (found?.kind === 'fetch') {
    return createFetchService(found.handler, {
      limits,
      observer,
      serverHeader: config.serverHeader,
      light: config.fastFetch,
      originOf,
    });
  }
  fastFetch?.uninstall();
  const server = await adaptNodeApplication(found?.app ?? application, (error, { method = '', url = '' }) =>
    observer.failed(error, { method, target: url }),
  );
  return createNodeService(server, { limits, observer, serverHeader: config.serverHeader, originOf });
}

function originFrom(forwarding: Forwarding): OriginOf {
  return (fields, peer) => {
    const examined = forwarding.examine(fields, peer);
    return examined.kind === 'refused' ? { status: 400, reason: examined.reason } : examined;
  };
}
