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
import type { PythonReport } from './interfaces/wsgi/report.ts';
import type { WsgiLimits } from './interfaces/wsgi/service.ts';
import { isPythonTarget } from './interfaces/wsgi/target.ts';
import { loadApplication } from './load.ts';

export interface ServeOptions {
  readonly limits: HttpLimits & WsgiLimits;
  readonly observer: RequestObserver;
  readonly directory: string;
  /** What happens to Python processes. */
  report(report: PythonReport): void;
}

/** The configuration with `wsgi` in place of `auto` where the application is one of Python; seen from `directory`. */
export function withInterface(config: Config, directory: string): Config {
  const { app, pythonPath } = config;
  const isPython = config.interface === 'auto' && isPythonTarget(app, { directory, pythonPath });
  return isPython ? { ...config, interface: 'wsgi' } : config;
}

/**
 * Loads the application that the configuration names, seen from `directory`, and makes it answer by the interface that it has.
 *
 * @throws TsunicornError for a person; whatever else is thrown comes from the application.
 */
export async function serveApplication(config: Config, options: ServeOptions): Promise<Service> {
  const { limits, observer, directory } = options;
  const wanted = config.interface;
  if (wanted === 'wsgi') return await serveWsgi(config, options);
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

async function serveWsgi(config: Config, { limits, observer, directory, report }: ServeOptions): Promise<Service> {
  // Loaded on demand: a JavaScript application does without.
  const { createWsgiService } = await import('./interfaces/wsgi/service.ts');
  return await createWsgiService(config, {
    ...{ limits, observer, directory, report },
    originOf: originFrom(createForwarding(config)),
    serverSoftware: config.serverHeader ?? 'tsunicorn',
  });
}

function originFrom(forwarding: Forwarding): OriginOf {
  return (fields, peer) => {
    const examined = forwarding.examine(fields, peer);
    return examined.kind === 'refused' ? { status: 400, reason: examined.reason } : examined;
  };
}
