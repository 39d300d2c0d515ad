import { ReadableStream } from 'node:stream/web';
import { types } from 'node:util';
import { TEXT_TYPE } from './fields.ts';
import { LightBody, type RawBody } from './light-body.ts';
import { NativeResponse } from './native.ts';

/** A body as an application gives it, made ready: what it is, and the content type that goes with it. */
export interface BodyInit {
  readonly body: RawBody | LightBody;
  readonly type: string | null;
}

/**
 * Takes what the constructor of a Response takes, except null and strings, which that does itself. Bytes are not copied: who changes
 * them later changes the answer.
 *
 * @throws TypeError as the platform does: a stream that is used or locked, a Symbol, …
 */
export function bodyOfInit(init: unknown): BodyInit {
  if (types.isUint8Array(init) && types.isArrayBuffer(init.buffer)) return { body: init, type: null };
  if (types.isArrayBuffer(init)) return { body: new Uint8Array(init), type: null };
  if (init instanceof Blob) return { body: init, type: init.type === '' ? null : init.type };
  if (init instanceof URLSearchParams) {
    return { body: init.toString(), type: 'application/x-www-form-urlencoded;charset=UTF-8' };
  }
  if (init instanceof ReadableStream) return { body: streamBody(init), type: null };
  if (typeof init === 'number' || typeof init === 'boolean') return { body: String(init), type: TEXT_TYPE };
  return foreignBody(init);
}

function streamBody(stream: ReadableStream<Uint8Array>): LightBody {
  const body = new LightBody(null, stream);
  if (body.unusable) throw new TypeError('A body must not be a stream that was read already or has a reader.');
  return body;
}

/** Forms, iterables, other views and whatever else the platform makes a body of, or throws for. */
function foreignBody(init: unknown): BodyInit {
  const native = Reflect.construct(NativeResponse, [init]);
  return { body: new LightBody(null, native.body), type: native.headers.get('content-type') };
}
