import { requestFrom } from '../../../../src/app/interfaces/fetch/light-request.ts';
import type { BodySource, RequestSource } from '../../../../src/app/interfaces/fetch/request-source.ts';
import { platform } from './classes.ts';

/** What the engine would have of a request, with a client that can go away. */
export interface Client {
  readonly source: RequestSource;
  /** The client is gone. */
  leave(): void;
}

export function clientOf(request: Partial<RequestSource> = {}): Client {
  const listeners: (() => void)[] = [];
  const source: RequestSource = {
    method: 'GET',
    origin: 'http://localhost:8000',
    target: '/',
    fields: ['Host', 'localhost:8000'],
    body: null,
    onAbort: (listener) => {
      listeners.push(listener);
    },
    ...request,
  };
  return { source, leave: () => listeners.map((listener) => listener()) };
}

/** A body that came in one piece. Either member may be called, once. */
export function bodyOf(whole: Uint8Array | Promise<Uint8Array>): BodySource {
  let read = false;
  const once = async (): Promise<Uint8Array> => {
    if (read) throw new Error('a body was read twice');
    read = true;
    return await whole;
  };
  return { bytes: once, stream: () => byteStream(once) };
}

function byteStream(whole: () => Promise<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    type: 'bytes',
    pull: async (controller) => {
      try {
        // Enqueuing gives the buffer away.
        const piece = new Uint8Array(await whole());
        if (piece.length > 0) controller.enqueue(piece);
        controller.close();
        controller.byobRequest?.respond(0);
      } catch (error) {
        controller.error(error);
      }
    },
  });
}

/** A request whose client sent this body, with the content type that goes with it. The platform makes bytes of it. */
export function sentRequest(body: unknown, headers: Readonly<Record<string, string>> = {}): Request {
  const native: Response = Reflect.construct(platform.Response, [body, { headers }]);
  const bytes = native.arrayBuffer().then((buffer) => new Uint8Array(buffer));
  // Nobody may ask for the body.
  bytes.catch(() => {});
  return requestFrom(clientOf({ method: 'POST', fields: [...native.headers].flat(), body: bodyOf(bytes) }).source);
}
