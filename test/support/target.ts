import { connect, type Socket } from 'node:net';

/** Where a server listens; a TCP target is on loopback. */
export type Target = { readonly port: number; readonly host?: string } | { readonly unixPath: string };

/** Opens a connection; the caller owns the socket. `sourceAddress` picks the local address, for TCP only. */
export function connectTo(target: Target, options: { sourceAddress?: string | undefined } = {}): Socket {
  if ('unixPath' in target) return connect({ path: target.unixPath });
  return connect({
    host: target.host ?? '127.0.0.1',
    port: target.port,
    noDelay: true,
    ...(options.sourceAddress === undefined ? {} : { localAddress: options.sourceAddress }),
  });
}

/** What belongs into the Host field for a target. */
export function hostOf(target: Target): string {
  return 'unixPath' in target ? 'localhost' : `${target.host ?? '127.0.0.1'}:${target.port}`;
}

/** What is asked for; `method` defaults to GET, or POST where there is a body, `path` to `/`. */
export interface RequestShape {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

/** The bytes of a request, with Host and Content-Length added. */
export function requestBytes(target: Target, request: RequestShape = {}): Buffer {
  const body = Buffer.from(request.body ?? '');
  const lines = [`${methodOf(request)} ${request.path ?? '/'} HTTP/1.1`, `Host: ${hostOf(target)}`];
  if (request.body !== undefined) lines.push(`Content-Length: ${body.length}`);
  for (const [name, value] of Object.entries(request.headers ?? {})) lines.push(`${name}: ${value}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}

/** The method a request goes out with. */
export function methodOf(request: RequestShape): string {
  return request.method ?? (request.body === undefined ? 'GET' : 'POST');
}
