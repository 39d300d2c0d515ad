import { LightRequest, nativeArguments } from './light-request.ts';
import { LightResponse } from './light-response.ts';
import { LightReadableStream } from './light-stream.ts';
import { nativeFetch } from './native.ts';

/**
 * Puts the light classes in the place of the platform's, before the application is loaded: for every `Request` and `Response` that it
 * names from then on. `fetch()` takes light requests, and answers with the platform's responses, which are accepted everywhere.
 */
export function installFastFetch(): { uninstall(): void } {
  const restore = [replace('Request', LightRequest), replace('Response', LightResponse), replace('fetch', fetch)];
  if (LightReadableStream !== null) restore.push(replace('ReadableStream', LightReadableStream));
  return {
    uninstall: () => {
      for (const back of restore) back();
    },
  };
}

async function fetch(input: Parameters<typeof nativeFetch>[0], ...rest: [init?: RequestInit]): Promise<Response> {
  return await Reflect.apply(nativeFetch, undefined, nativeArguments([input, ...rest]));
}

/** As a property it stays what it was: enumerable or not. */
function replace(name: 'Request' | 'Response' | 'fetch' | 'ReadableStream', value: object): () => void {
  const before = Object.getOwnPropertyDescriptor(globalThis, name);
  const enumerable = before?.enumerable === true;
  Object.defineProperty(globalThis, name, { value, enumerable, writable: true, configurable: true });
  return () => {
    if (before !== undefined) Object.defineProperty(globalThis, name, before);
  };
}
