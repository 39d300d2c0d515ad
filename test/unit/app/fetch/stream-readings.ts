import type { UnderlyingSource } from 'node:stream/web';
import { LightController } from '../../../../src/app/interfaces/fetch/light-controller.ts';
import { directSourceOf } from '../../../../src/app/interfaces/fetch/light-stream.ts';
import { light, platform } from './classes.ts';

/** Who reads a stream, and how. */
interface Reading {
  readonly name: string;
  make(source: UnderlyingSource<unknown>): ReadableStream<unknown>;
  /** Every piece, in order; rejects as the stream fails. After `limit` pieces it cancels with 'enough'. */
  read(stream: ReadableStream<unknown>, limit?: number): Promise<unknown[]>;
}

async function readAll(stream: ReadableStream<unknown>, limit = Number.POSITIVE_INFINITY): Promise<unknown[]> {
  const reader = stream.getReader();
  const pieces: unknown[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return pieces;
    pieces.push(value);
    if (pieces.length < limit) continue;
    await reader.cancel('enough');
    return pieces;
  }
}

/** As the server does. */
async function takeAll(stream: ReadableStream<unknown>, limit = Number.POSITIVE_INFINITY): Promise<unknown[]> {
  const source = directSourceOf(stream);
  if (source === null) throw new TypeError('not light, or not fresh');
  const pieces: unknown[] = [];
  return await new Promise((resolve, reject) => {
    LightController.take(source, {
      take(piece) {
        pieces.push(piece);
        if (pieces.length === limit) LightController.cancel(source, 'enough').then(() => resolve(pieces), reject);
        return true;
      },
      ended: () => resolve(pieces),
      failed: reject,
    });
  });
}

export const readings: readonly Reading[] = [
  { name: 'the platform', make: (source) => new platform.ReadableStream(source), read: readAll },
  { name: 'light, with a reader', make: (source) => new light.ReadableStream(source), read: readAll },
  { name: 'light, taken by the server', make: (source) => new light.ReadableStream(source), read: takeAll },
];

/** Resolves in the next round of the event loop. */
export const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
