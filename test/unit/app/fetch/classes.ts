import type { UnderlyingSource } from 'node:stream/web';
import { installFastFetch } from '../../../../src/app/interfaces/fetch/globals.ts';

/** A pair that belongs together: the platform's, or ours. */
export interface FetchClasses {
  readonly name: 'the platform' | 'light';
  readonly Request: typeof Request;
  readonly Response: typeof Response;
  readonly ReadableStream: typeof ReadableStream;
}

export const platform: FetchClasses = { name: 'the platform', Request, Response, ReadableStream };
export const light: FetchClasses = lightClasses();

/** Runs one suite over both pairs: what is promised of ours is what the platform does. */
export function describeFetchClasses(title: string, suite: (classes: FetchClasses) => void): void {
  for (const classes of [platform, light]) describe(`${title} (${classes.name})`, () => suite(classes));
}

/** The name of the error that `action` throws or rejects with; `null` if it does neither. */
export async function errorName(action: () => unknown): Promise<string | null> {
  try {
    await action();
    return null;
  } catch (error) {
    return error instanceof Error ? error.name : typeof error;
  }
}

/** Calls a method that only newer versions of Node have, or that the types do not know. */
export function call(target: object, method: string, ...given: unknown[]): unknown {
  return Reflect.apply(Reflect.get(target, method), target, given);
}

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** A stream of these pieces, one for each pull. */
export function streamOf(...pieces: string[]): ReadableStream<Uint8Array> {
  return new ReadableStream(sourceOf(...pieces));
}

/** What a stream of these pieces is made of, one for each pull. */
export function sourceOf(...pieces: string[]): UnderlyingSource<Uint8Array> {
  const left = [...pieces];
  return {
    pull: (controller) => {
      const piece = left.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(bytesOf(piece));
    },
  };
}

export function formOf(fields: Readonly<Record<string, string>>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return form;
}

function lightClasses(): FetchClasses {
  const installed = installFastFetch();
  const classes: FetchClasses = { name: 'light', Request, Response, ReadableStream };
  installed.uninstall();
  return classes;
}
