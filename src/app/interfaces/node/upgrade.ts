import type { IncomingMessage } from 'node:http';

/**
 * Whether bytes behind a request get lost: llhttp stops behind a head that asks for an upgrade, and where nobody listens for upgrades Node
 * goes on with the next piece of the socket, without the rest of this one. Such an answer has to close the connection, so that the client
 * does not wait for an answer to the next request.
 */
export function losesRest(request: IncomingMessage): boolean {
  const { connection = '', 'content-length': length, 'transfer-encoding': coding } = request.headers;
  if (!/upgrade/i.test(connection) || coding !== undefined || Number(length ?? 0) > 0) return false;
  const parser: unknown = Reflect.get(request.socket, 'parser');
  if (typeof parser !== 'object' || parser === null) return false;
  const currentBuffer: unknown = Reflect.get(parser, 'getCurrentBuffer');
  const piece: unknown = typeof currentBuffer === 'function' ? Reflect.apply(currentBuffer, parser, []) : null;
  if (!(piece instanceof Uint8Array)) return false;
  // The piece ends with the end of the head, or with a part of that.
  return !'\r\n\r\n'.endsWith(Buffer.from(piece).toString('latin1').slice(-4));
}
