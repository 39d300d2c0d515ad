import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AccessRecord } from '../logging/access-log.ts';

/** What only watching an answer tells: when it began, and how many bytes its body had. */
export interface ResponseCount {
  readonly startedAt: number;
  readonly startedMs: number;
  bytes: number;
}

type Chunk = string | Uint8Array;

/** Counts the body that the application writes, before chunked framing; `HEAD` answers have none. */
export function countResponseBytes(response: ServerResponse): ResponseCount {
  const count = { startedAt: Date.now(), startedMs: performance.now(), bytes: 0 };
  const bodyless = response.req.method === 'HEAD';
  const add = (chunk: unknown, encoding: unknown) => {
    if (bodyless || !isChunk(chunk)) return;
    count.bytes += typeof chunk === 'string' ? Buffer.byteLength(chunk, bufferEncoding(encoding)) : chunk.byteLength;
  };
  const { write, end } = response;
  // ServerResponse.end calls write of its own accord only internally, never through the property: no byte is counted twice.
  response.write = (chunk: unknown, ...rest: unknown[]) => {
    add(chunk, rest[0]);
    return Reflect.apply(write, response, [chunk, ...rest]);
  };
  response.end = (chunk?: unknown, ...rest: unknown[]) => {
    add(chunk, rest[0]);
    return Reflect.apply(end, response, [chunk, ...rest]);
  };
  return count;
}

/** The facts of one request for the access log. */
export function accessRecord(request: IncomingMessage, response: ServerResponse, count: ResponseCount): AccessRecord {
  return {
    remoteAddress: request.socket.remoteAddress ?? '',
    startedAt: count.startedAt,
    durationUs: (performance.now() - count.startedMs) * 1_000,
    method: request.method ?? '',
    target: request.url ?? '',
    protocol: `HTTP/${request.httpVersion}`,
    // Nothing was sent: the client left first, which nginx writes as 499.
    status: response.headersSent ? response.statusCode : 499,
    responseBytes: count.bytes,
    requestHeader: (name) => joined(request.headers[name]),
    responseHeader: (name) => joined(response.getHeader(name)),
    environment: (name) => process.env[name],
    pid: process.pid,
  };
}

function joined(value: number | string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value?.toString();
}

function isChunk(value: unknown): value is Chunk {
  return typeof value === 'string' || value instanceof Uint8Array;
}

function bufferEncoding(value: unknown): BufferEncoding {
  return typeof value === 'string' && Buffer.isEncoding(value) ? value : 'utf8';
}
