import type { RequestObserver, Service } from '../app/contract.ts';
import { limitsOf } from '../config/limits.ts';
import { createProxyFront } from '../http/proxy-front.ts';
import type { ProxyVersions } from '../http/proxy-protocol.ts';
import type { Config } from '../settings.ts';
import { behindFront } from './front.ts';

/** Puts the PROXY protocol in front of a service. */
export function behindProxies(
  service: Service,
  accept: ProxyVersions,
  context: { config: Config; refused: RequestObserver['refused'] },
): Service {
  const { config, refused } = context;
  const { headerTimeoutMs, drainIdleTimeoutMs } = limitsOf(config);
  const front = createProxyFront({
    accept,
    allowIps: config.proxyAllowIps,
    timeoutMs: headerTimeoutMs,
    onPassed: (socket, peer) => service.accept(socket, peer),
    onRefused: (reason, peer) => refused?.({ status: 400, reason }, peer),
  });
  return behindFront(service, front, drainIdleTimeoutMs);
}
