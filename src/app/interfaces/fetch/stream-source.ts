import { NativeReadableStream } from './native.ts';

export type Method = (...given: unknown[]) => unknown;

/** What an application gave to `new ReadableStream()`, looked at once as the platform does. */
export interface Source {
  /** `this` of the three. */
  readonly self: object;
  readonly start: Method | undefined;
  readonly pull: Method | undefined;
  readonly cancel: Method | undefined;
}

/** Takes the pieces in place of a reader. It is called from a microtask of ours, never inside a call of the application's. */
export interface Taker {
  /** `false`: no further piece before `resume()`. What it throws goes to `failed`. */
  take(piece: unknown): boolean;
  ended(): void;
  failed(error: unknown): void;
}

/** Settles as `result` does, whatever that is: a value, a promise, something with a then(). */
export async function promised(result: unknown): Promise<undefined> {
  await result;
}

/** Throws what the platform throws. */
export function refuse(method: 'enqueue' | 'close', chunk?: unknown): never {
  new NativeReadableStream({
    start(controller) {
      controller.close();
      controller[method](chunk);
    },
  });
  throw new TypeError('Invalid state: Controller is already closed');
}
