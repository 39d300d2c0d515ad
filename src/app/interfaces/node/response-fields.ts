import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** What `writeHead` takes: an object, names and values alternating, or pairs (which no documentation mentions). */
export type Fields = OutgoingHttpHeaders | OutgoingHttpHeader[] | OutgoingHttpHeader[][];

/** Says something about one connection only, which is the server's business (RFC 9110, section 7.6.1). */
const HOP_BY_HOP = ['connection', 'transfer-encoding', 'keep-alive', 'proxy-connection', 'upgrade', 'te'] as const;
const IS_OURS: ReadonlySet<string> = new Set(HOP_BY_HOP);
const CLOSE = /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i;

/** What became of the fields that an application hands to `writeHead`. */
export interface JudgedFields {
  readonly fields: Fields;
  readonly contentLength: OutgoingHttpHeader | undefined;
}

/** Takes what is not the application's business from the fields that it set before. Node makes out the rest. */
export function dropOurs(response: ServerResponse, status: number): void {
  for (const name of HOP_BY_HOP) if (response.hasHeader(name)) dropOne(response, name, status);
}

function dropOne(response: ServerResponse, name: (typeof HOP_BY_HOP)[number], status: number): void {
  const value = response.getHeader(name);
  switch (name) {
    case 'connection':
      if (CLOSE.test(String(value))) response.shouldKeepAlive = false;
      // Once it is removed, Node sends none.
      response.setHeader('Connection', response.shouldKeepAlive ? 'keep-alive' : 'close');
      return;
    case 'transfer-encoding':
      if (isChunked(value) && maySendChunks(response) && !response.hasHeader('content-length')) return;
      break;
    case 'upgrade':
      if (needsUpgrade(status)) return;
  }
  response.removeHeader(name);
}

/** The same for the fields that are handed to `writeHead`, with `Server` added where it is due. Other fields are what they were. */
export function judgeFields(
  response: ServerResponse,
  { given, status, server }: { given: Fields; status: number; server: string | null },
): JudgedFields {
  const found = look(given);
  const contentLength = found.contentLength ?? response.getHeader('content-length');
  const missing = found.hasServer || server === null || response.hasHeader('server') ? null : server;
  if (!found.hasOurs) return { fields: missing === null ? given : withServer(given, missing), contentLength };
  const kept = pairsOf(given).filter(([name, value]) => {
    const lower = String(name).toLowerCase();
    if (!IS_OURS.has(lower)) return true;
    if (lower === 'connection' && CLOSE.test(String(value))) response.shouldKeepAlive = false;
    if (lower === 'upgrade') return needsUpgrade(status);
    const isFraming = lower === 'transfer-encoding' && contentLength === undefined;
    return isFraming && isChunked(value) && maySendChunks(response);
  });
  if (missing !== null) kept.push(['Server', missing]);
  return { fields: kept.flat(1), contentLength };
}

interface Found {
  contentLength: OutgoingHttpHeader | undefined;
  hasServer: boolean;
  hasOurs: boolean;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

/** Copies nothing: most heads hold nothing of interest. */
function look(fields: Fields): Found {
  const found: Found = { contentLength: undefined, hasServer: false, hasOurs: false };
  if (!Array.isArray(fields)) {
    for (const name in fields) note(found, name, fields[name]);
  } else if (isPairs(fields)) {
    for (const pair of fields) note(found, pair[0], pair[1]);
  } else {
    for (let index = 0; index < fields.length; index += 2) note(found, fields[index], fields[index + 1]);
  }
  return found;
}

/** Looks at the length first: it rules most names out. */
function note(found: Found, name: unknown, value: OutgoingHttpHeader | undefined): void {
  if (typeof name !== 'string') return;
  switch (name.length) {
    case 6:
      if (name.toLowerCase() === 'server') found.hasServer = true;
      return;
    case 14:
      if (name.toLowerCase() === 'content-length') found.contentLength = value;
      return;
    case 2:
    case 7:
    case 10:
    case 16:
    case 17:
      if (IS_OURS.has(name.toLowerCase())) found.hasOurs = true;
  }
}

function isPairs(fields: OutgoingHttpHeader[] | OutgoingHttpHeader[][]): fields is OutgoingHttpHeader[][] {
  return Array.isArray(fields[0]);
}

function pairsOf(fields: Fields): OutgoingHttpHeader[][] {
  if (!Array.isArray(fields)) {
    return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  }
  if (isPairs(fields)) return [...fields];
  return fields.flatMap((name, index) => (index % 2 === 0 ? [[name, fields[index + 1] ?? '']] : []));
}

function withServer(fields: Fields, server: string): Fields {
  if (!Array.isArray(fields)) return { ...fields, Server: server };
  return isPairs(fields) ? [...fields, ['Server', server]] : [...fields, 'Server', server];
}

function isChunked(value: unknown): boolean {
  return typeof value === 'string' && value.toLowerCase() === 'chunked';
}

function maySendChunks({ req }: ServerResponse): boolean {
  return req.httpVersionMinor === 1;
}

/** Of 426 it is the answer itself (RFC 9110, section 15.5.22); 101 is sent by applications that switch protocols so. */
function needsUpgrade(status: number): boolean {
  return status === 426 || status === 101;
}
