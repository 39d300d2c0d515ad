import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { replaceFields } from '../../../../src/app/interfaces/node/fields.ts';
import type { HttpLimits } from '../../../../src/http/limits.ts';

export const limits: HttpLimits = {
  maxRequestLineBytes: 60,
  maxFields: 4,
  maxFieldBytes: 40,
  maxHeadBytes: 90,
  maxBodyBytes: 1_000,
  headerTimeoutMs: 1_000,
  bodyTimeoutMs: 1_000,
  writeTimeoutMs: 1_000,
  requestTimeoutMs: null,
  keepAliveMs: 1_000,
  drainIdleTimeoutMs: 1_000,
};

/** A request as node:http hands it over: its version as text, fields alternating. */
export function requestOf(line: string, ...fields: string[]): IncomingMessage {
  const [method = '', url = '', version = ''] = line.split(' ');
  const [major, minor] = version.slice('HTTP/'.length).split('.').map(Number);
  const request = new IncomingMessage(new Socket());
  Object.assign(request, { method, url, httpVersionMajor: major, httpVersionMinor: minor });
  replaceFields(request, fields);
  return request;
}
