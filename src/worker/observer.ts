import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestObserver } from '../app/contract.ts';
import type { Config } from '../settings.ts';
import { accessRecord, countResponseBytes, type ResponseCount } from './access.ts';
import type { MasterChannel } from './channel.ts';
import type { Equipment } from './equipment.ts';
import { recycleAfter } from './recycle.ts';

/**
 * What this worker does at the start and the end of a request: access log, hooks, counting for `maxRequests`. A request pays only for
 * what is configured.
 */
export function observeFor(equipment: Equipment, config: Config, channel: MasterChannel): RequestObserver {
  const { accessLog, hooks, worker, log } = equipment;
  const limit = recycleAfter(config, Math.random());
  const counts = new WeakMap<ServerResponse, ResponseCount>();
  let requests = 0;

  const started = (request: IncomingMessage, response: ServerResponse) => {
    if (accessLog !== null) counts.set(response, countResponseBytes(response));
    if (hooks.preRequest !== undefined) {
      void equipment.runHook('preRequest', ({ preRequest }) => preRequest?.(worker, request));
    }
  };
  const finished = (request: IncomingMessage, response: ServerResponse) => {
    requests += 1;
    const count = counts.get(response);
    if (count !== undefined) accessLog?.write(accessRecord(request, response, count));
    if (hooks.postRequest !== undefined) {
      void equipment.runHook('postRequest', ({ postRequest }) => postRequest?.(worker, request, response));
    }
    if (requests === limit) void channel.send({ type: 'recycle', why: 'maxRequests' });
  };
  return {
    ...(accessLog !== null || hooks.preRequest !== undefined ? { started } : {}),
    ...(accessLog !== null || hooks.postRequest !== undefined || limit !== null ? { finished } : {}),
    failed: (error, request) => log.event('request.failed', { error, method: request.method, target: request.url }),
  };
}
