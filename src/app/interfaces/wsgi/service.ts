import { createEngine, type EngineOptions } from '../../../http/engine.ts';
import type { Exchange } from '../../../http/exchange.ts';
import type { Config } from '../../../settings.ts';
import type { RequestObserver, Service } from '../../contract.ts';
import { Call } from './call.ts';
import { CallView } from './call-view.ts';
import { createEnvirons } from './environ.ts';
import { type Gathered, gather } from './gather.ts';
import { createHeldBodies } from './held-bodies.ts';
import { findInterpreter } from './interpreter.ts';
import { type CallPoolOptions, startCallPool } from './pool.ts';
import type { PythonReport } from './report.ts';
import { pythonTargetOf } from './target.ts';

/** The limits of Python processes, in milliseconds and MiB. */
export interface WsgiLimits {
  readonly timeoutMs: number | null;
  readonly queueTimeoutMs: number;
  readonly bootTimeoutMs: number;
  readonly gracefulTimeoutMs: number;
  readonly maxMemoryMiB: number | null;
}

export interface WsgiServiceOptions extends Pick<EngineOptions, 'originOf'> {
  readonly limits: EngineOptions['limits'] & WsgiLimits;
  readonly observer: RequestObserver;
  /** Where the application is looked for. */
  readonly directory: string;
  readonly serverSoftware: string;
  report(report: PythonReport): void;
}

const NOTHING: Gathered = { body: null, rest: null };

/**
 * Starts the Python processes of a worker and serves their application on the engine.
 *
 * @throws TsunicornError
 */
export async function createWsgiService(config: Config, options: WsgiServiceOptions): Promise<Service> {
  const { observer, limits, originOf } = options;
  const { started, finished, refused } = observer;
  const isObserved = started !== undefined || finished !== undefined;
  const pool = await startCallPool(await poolOptions(config, options));
  const environs = createEnvirons({ scriptName: (process.env.SCRIPT_NAME ?? '').replace(/\/+$/, '') });
  const bodies = createHeldBodies();

  function submit(exchange: Exchange, { body, rest }: Gathered): void {
    // Of a chunked body that came whole the length is known after all: many applications read nothing where none is told.
    const length = rest === null ? (body?.length ?? null) : rest.length;
    const text = environs.of(exchange, exchange.body === null ? null : (length ?? (rest === null ? 0 : null)));
    if ('status' in text) return exchange.refuse(text);
    const call = new Call(exchange, { text, body, rest, nowMs: performance.now() });
    if (exchange.body !== null) bodies.handOver(call);
    pool.submit(call);
  }

  function handle(exchange: Exchange): void {
    if (isObserved) {
      const view = new CallView(exchange);
      exchange.note = view;
      started?.(view);
    }
    if (exchange.body === null) return submit(exchange, NOTHING);
    gather(exchange.body, bodies.begin(exchange)).then(
      (gathered) => submit(exchange, gathered),
      // Broken off or malformed: the engine has answered, or the client is gone.
      () => {},
    );
  }

  const engine = createEngine({
    ...{ limits, serverHeader: config.serverHeader, originOf, handle },
    ...(refused === undefined ? {} : { refused }),
    finished(exchange) {
      if (exchange.body !== null) bodies.forget(exchange);
      if (exchange.note instanceof CallView) finished?.(exchange.note);
    },
  });
  return { ...engine, end: (graceMs) => pool.stop({ graceMs }) };
}

async function poolOptions(config: Config, options: WsgiServiceOptions): Promise<CallPoolOptions> {
  const { limits, directory, serverSoftware, observer, report } = options;
  const { processes, threads, pythonPath, preloadApp, maxRequests, maxRequestsJitter } = config;
  const target = pythonTargetOf(config.app);
  const interpreter = await findInterpreter({ python: config.python, directory, env: process.env });
  return {
    processes: {
      ...{ processes, gracefulTimeoutMs: limits.gracefulTimeoutMs, maxMemoryMiB: limits.maxMemoryMiB },
      zygote: {
        interpreter: interpreter.path,
        title: `tsunicorn: python [${config.procName ?? config.app}]`,
        ...{ directory, env: process.env, bootTimeoutMs: limits.bootTimeoutMs },
        boot: {
          ...{ target, pythonPath, preload: preloadApp, threads },
          environ: { SERVER_SOFTWARE: serverSoftware },
          multiprocess: config.workers > 1 || processes > 1,
        },
        output: ({ pid, line }) => report({ type: 'output', pid, line }),
      },
    },
    ...{ threads, maxRequests, maxRequestsJitter, observer, report },
    ...{ timeoutMs: limits.timeoutMs, queueTimeoutMs: limits.queueTimeoutMs },
  };
}
