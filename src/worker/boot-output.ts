import { LONGEST_OUTPUT } from '../ipc/messages.ts';

const STREAMS = ['stdout', 'stderr'] as const;

/**
 * Passes on what the application writes through Node to standard output and error, until `stop`. Nothing is touched that the application
 * does not use: to open one of the streams costs memory, and most applications are silent.
 *
 * @param tell gets the end of each piece, as text.
 */
export function overhear(tell: (text: string) => void): { stop(): void } {
  let isOver = false;
  const hear = (chunk: unknown) => {
    if (isOver) return;
    if (typeof chunk === 'string') tell(chunk.slice(-LONGEST_OUTPUT));
    else if (chunk instanceof Uint8Array) tell(Buffer.from(chunk.subarray(-LONGEST_OUTPUT)).toString());
  };
  const restores = STREAMS.map((name) => watchStream(name, hear));
  return {
    stop() {
      isOver = true;
      for (const restore of restores) restore();
    },
  };
}

function watchStream(name: (typeof STREAMS)[number], hear: (chunk: unknown) => void): () => void {
  const plain = Object.getOwnPropertyDescriptor(process, name);
  if (plain?.get === undefined || plain.configurable !== true) return () => {};
  let unwrap = () => {};
  const restore = () => Object.defineProperty(process, name, plain);
  const get = () => {
    restore();
    const stream = process[name];
    const { write } = stream;
    const heard = (...parameters: Parameters<typeof write>) => {
      hear(parameters[0]);
      return write.apply(stream, parameters);
    };
    Reflect.set(stream, 'write', heard);
    // Unless somebody else stands in between by now.
    unwrap = () => void (stream.write === heard && Reflect.set(stream, 'write', write));
    return stream;
  };
  Object.defineProperty(process, name, { ...plain, get });
  return () => {
    if (Object.getOwnPropertyDescriptor(process, name)?.get === get) restore();
    unwrap();
  };
}
