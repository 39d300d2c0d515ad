import type { Writable } from 'node:stream';

/** More than fits on a screen; what came before is on the server's own standard output and error. */
const MOST_CHARACTERS = 4_096;
const STREAMS = ['stdout', 'stderr'] as const;

/** What an application writes while it is loaded, for the case that it never gets ready. */
export interface LastWords {
  /** The end of it. */
  text(): string;
  /** Listens no more: the streams are as they were. May be called again. */
  release(): void;
  readonly isReleased: boolean;
}

/**
 * Listens in on standard output and error, which the process goes on to share with its master: nothing stands between them, so what native
 * code writes past the streams is not heard. A stream is not made before somebody asks for it.
 */
export function keepLastWords(): LastWords {
  let words = '';
  const hear = (chunk: unknown) => {
    const text = typeof chunk === 'string' ? chunk : chunk instanceof Uint8Array ? Buffer.from(chunk).toString() : '';
    words = (words + text).slice(-MOST_CHARACTERS);
  };
  const undo = STREAMS.map((name) => listenIn(name, hear));
  let isReleased = false;
  return {
    text: () => words,
    release() {
      isReleased = true;
      for (const each of undo.splice(0)) each();
    },
    get isReleased() {
      return isReleased;
    },
  };
}

function listenIn(name: (typeof STREAMS)[number], hear: (chunk: unknown) => void): () => void {
  const property = Object.getOwnPropertyDescriptor(process, name);
  if (property?.get === undefined || property.configurable !== true) return () => {};
  const getStream: () => Writable = property.get.bind(process);
  let stop = () => {};
  const get = () => {
    const stream = getStream();
    stop = tap(stream, hear);
    Object.defineProperty(process, name, property);
    return stream;
  };
  Object.defineProperty(process, name, { configurable: true, enumerable: property.enumerable ?? true, get });
  return () => {
    // Nobody used it; or somebody has put something of his own there, which stays.
    if (Object.getOwnPropertyDescriptor(process, name)?.get === get) Object.defineProperty(process, name, property);
    stop();
  };
}

function tap(stream: Writable, hear: (chunk: unknown) => void): () => void {
  const own = Object.getOwnPropertyDescriptor(stream, 'write');
  const { write } = stream;
  const tapped = (...args: unknown[]): unknown => {
    hear(args[0]);
    return Reflect.apply(write, stream, args);
  };
  Object.defineProperty(stream, 'write', { configurable: true, writable: true, value: tapped });
  return () => {
    // Somebody may have put something of his own in front meanwhile.
    if (stream.write !== tapped) return;
    if (own === undefined) Reflect.deleteProperty(stream, 'write');
    else Object.defineProperty(stream, 'write', own);
  };
}
