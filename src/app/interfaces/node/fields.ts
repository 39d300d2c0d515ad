import type { IncomingMessage } from 'node:http';

/**
 * Gives a request other fields, names and values alternating. `headers` has been read by then (node:http looks for `Expect` before it tells
 * anybody), and is made anew from these. Node keeps their number beside `rawHeaders`, where only its own method can set it.
 */
export function replaceFields(request: IncomingMessage, fields: string[]): void {
  const addLines: unknown = Reflect.get(request, '_addHeaderLines');
  if (typeof addLines !== 'function') throw new TypeError('this Node has no _addHeaderLines');
  for (const made of ['headers', 'headersDistinct']) Reflect.set(request, made, null);
  Reflect.apply(addLines, request, [fields, fields.length]);
}
