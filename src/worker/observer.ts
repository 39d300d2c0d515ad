import type { RequestObserver, RequestView } from '../app/contract.ts';
import { recycleAfter } from '../app/recycle.ts';
import { logSparingly } from '../logging/sparing-log.ts';
import type { Config } from '../settings.ts';
import { accessRecord, type Beginning, beginNow } from './access.ts';
import type { MasterChannel } from './channel.ts';
import type { Equipment } from './equipment.ts';

/**
 * What this worker does at the start and the end of a request: access log, hooks, counting for `maxRequests`. A request pays only for
 * what is configured.
 */
export function observeFor(equipment: Equipment, config: Config, channel: MasterChannel): RequestObserver {
  const { accessLog, hooks, worker, log } = equipment;
  // Of a Python application it is the Python processes that count, and are replaced.
  const limit = config.interface === 'wsgi' ? null : recycleAfter(config, Math.random());
  const beginnings = new WeakMap<RequestView, Beginning>();
  const refused = logSparingly<{ status: number; reason: string; clientAddress: string }>(log, 'request.refused');
  let requests = 0;

  const started = (view: RequestView) => {
    if (accessLog !== null) beginnings.set(view, beginNow());
    if (hooks.preRequest !== undefined) {
      void equipment.runHook('preRequest', ({ preRequest }) => preRequest?.(worker, view.request));
    }
  };
  const finished = (view: RequestView) => {
    requests += 1;
    const beginning = beginnings.get(view);
    if (beginning !== undefined) accessLog?.write(accessRecord(view, beginning));
    if (hooks.postRequest !== undefined) {
      void equipment.runHook('postRequest', ({ postRequest }) => postRequest?.(worker, view.request, view.response));
    }
    if (requests === limit) void channel.send({ type: 'recycle', why: 'maxRequests' });
  };
  return {
    ...(accessLog !== null || hooks.preRequest !== undefined || hooks.postRequest !== undefined ? { started } : {}),
    ...(accessLog !== null || hooks.postRequest !== undefined || limit !== null ? { finished } : {}),
    failed: (error, view) => log.event('request.failed', { error, method: view?.method, target: view?.target }),
    refused: ({ status, reason }, { address }) => refused({ status, reason, clientAddress: address }),
  };
}
