import type { FetchContext } from '../../../application.ts';
import { TsunicornError } from '../../../errors.ts';
import type { LoadedApplication } from '../../load.ts';
import { answerOf } from './answer.ts';

/** A fetch application: one function. It may throw and reject; what it returns is looked at when it is sent. */
export type FetchHandler = (request: Request, context: FetchContext) => unknown;

/** What an application turned out to be: a fetch handler, or something for another interface to look at. */
export type Found =
  | { readonly kind: 'fetch'; readonly handler: FetchHandler }
  | { readonly kind: 'other'; readonly app: LoadedApplication };

const DEEPEST_FACTORY = 3;

/**
 * Looks for a fetch application: an object with `fetch` (Hono, Elysia, H3 and their kind), what is exported as `fetch`, and with
 * `interface: 'fetch'` any function. Functions without parameters are called once, as factories: what they return counts.
 *
 * @throws TsunicornError `APP_EXPORT` when `wanted` is `fetch` and there is none.
 */
export async function findFetchHandler(app: LoadedApplication, wanted: 'auto' | 'fetch'): Promise<Found> {
  let { value } = app;
  const isDeclared = wanted === 'fetch' || app.exportName === 'fetch';
  for (let depth = 0; depth <= DEEPEST_FACTORY; depth += 1) {
    const handler = methodFetch(value);
    if (handler !== null) return { kind: 'fetch', handler };
    if (typeof value !== 'function' || isClass(value)) break;
    const call: (...parameters: unknown[]) => unknown = callable(value);
    if (isDeclared && value.length > 0) return { kind: 'fetch', handler: call };
    if (value.length > 0) break;
    const made = await call();
    if (isDeclared && answerOf(made) !== null) return { kind: 'fetch', handler: call };
    value = made;
  }
  if (!isDeclared) return { kind: 'other', app: { ...app, value } };
  const message =
    `The export "${app.exportName}" of ${app.file} is no fetch application. Export an object with a method fetch(request), ` +
    'such as a Hono app, a function (request) that returns a Response, or a function without parameters that makes one of these.';
  throw new TsunicornError('APP_EXPORT', message);
}

function methodFetch(value: unknown): FetchHandler | null {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return null;
  const method: unknown = Reflect.get(value, 'fetch');
  return typeof method === 'function' ? (request, context) => Reflect.apply(method, value, [request, context]) : null;
}

function callable(value: object): (...parameters: unknown[]) => unknown {
  return (...parameters) => (typeof value === 'function' ? Reflect.apply(value, undefined, parameters) : undefined);
}

function isClass(value: object): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}
