import { createEngine, type EngineOptions } from '../../../http/engine.ts';
import type { Exchange } from '../../../http/exchange.ts';
import type { RequestObserver, Service } from '../../contract.ts';
import { createBackground } from './background.ts';
import { ExchangeContext } from './context.ts';
import { ExchangeSource, isUrlHost } from './exchange-source.ts';
import { ExchangeView } from './exchange-view.ts';
import type { FetchHandler } from './handler.ts';
import { requestFrom, toNative } from './light-request.ts';
import { sendResponse } from './send.ts';

export interface FetchServiceOptions extends Pick<EngineOptions, 'limits' | 'serverHeader' | 'originOf'> {
  readonly observer: RequestObserver;
  /** Give the application light requests; `false`: those of Node. */
  readonly light: boolean;
}

/** Serves a fetch application on the engine. */
export function createFetchService(handler: FetchHandler, options: FetchServiceOptions): Service {
  const { observer, light, limits, serverHeader, originOf } = options;
  const { started, finished, refused } = observer;
  const isObserved = started !== undefined || finished !== undefined;
  const background = createBackground((error) => observer.failed(error, null));

  function fail(error: unknown, exchange: Exchange): void {
    // A body that was broken off fails the application's read too: clients could fill the log with what is the application's fault.
    if (exchange.isAbandoned) return;
    if (exchange.isLeft && isAbort(error)) return exchange.drop();
    observer.failed(error, exchange.head.line);
    exchange.fail();
  }

  function send(response: unknown, exchange: Exchange): void {
    const { note } = exchange;
    if (note instanceof ExchangeView && response instanceof Response) note.response = response;
    try {
      const streamed = sendResponse(response, exchange);
      if (streamed !== undefined) streamed.catch((error: unknown) => fail(error, exchange));
    } catch (error) {
      fail(error, exchange);
    }
  }

  function call(exchange: Exchange): unknown {
    const made = requestFrom(new ExchangeSource(exchange));
    const request = light ? made : toNative(made);
    if (isObserved) {
      const view = new ExchangeView(exchange, request);
      exchange.note = view;
      started?.(view);
    }
    return handler(request, new ExchangeContext(exchange, background));
  }

  function handle(exchange: Exchange): void {
    if (!isUrlHost(exchange.head.host)) return exchange.refuse({ status: 400, reason: 'Host that no URL can have' });
    let result: unknown;
    try {
      result = call(exchange);
    } catch (error) {
      return fail(error, exchange);
    }
    if (!isThenable(result)) return send(result, exchange);
    result.then(
      (response) => send(response, exchange),
      (error: unknown) => fail(error, exchange),
    );
  }

  const engine = createEngine({
    ...{ limits, serverHeader, originOf, handle },
    ...(refused === undefined ? {} : { refused }),
    ...(finished === undefined ? {} : { finished: ({ note }) => note instanceof ExchangeView && finished(note) }),
  });
  return {
    ...engine,
    async drain(pace) {
      await engine.drain(pace);
      if (pace !== 'quick') await background.settled();
    },
  };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
