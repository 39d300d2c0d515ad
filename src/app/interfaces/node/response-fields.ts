import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** What `writeHead` takes: an object, names and values alternating, or pairs (which no documentation mentions). */
export type Fields = OutgoingHttpHeaders | OutgoingHttpHeader[] | OutgoingHttpHeader[][];

/** Says something about one connection only, which is the server's business (RFC 9110, section 7.6.1). */
const HOP_BY_HOP = ['connection', 'transfer-encoding', 'keep-alive', 'proxy-connection', 'upgrade', 'te'] as const;
const CLOSE = /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i;

const kinds: ReadonlyMap<string, 'ours' | 'server' | 'length'> = new Map([
  ...HOP_BY_HOP.map((name) => [name, 'ours'] as const),
  ['server', 'server'],
  ['content-length', 'length'],
]);

/** What a field is to the server; `null`: nothing. The length of its name rules most out. */
export function kindOf(name: unknown): 'ours' | 'server' | 'length' | null {
  // The most frequent one, as it is mostly written: to make it small first takes longer than all the rest.
  if (name === 'Content-Length' || name === 'content-length') return 'length';
  if (typeof name !== 'string') return null;
  switch (name.length) {
    case 2:
    case 6:
    case 7:
    case 10:
    case 14:
    case 16:
    case 17:
      return kinds.get(name.toLowerCase()) ?? null;
    default:
      return null;
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

/** Calls back for each name and value, and copies nothing. */
export function eachField(fields: Fields, take: (name: unknown, value: OutgoingHttpHeader | undefined) => void): void {
  if (!Array.isArray(fields)) {
    for (const name in fields) take(name, fields[name]);
  } else if (isPairs(fields)) {
    for (const pair of fields) take(pair[0], pair[1]);
  } else {
    for (let index = 0; index < fields.length; index += 2) take(fields[index], fields[index + 1]);
  }
}

/** Takes what is not the application's business from the fields that it set one by one. Node makes out the rest. */
export function dropHeld(response: ServerResponse, status: number): void {
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

/** The same for the fields that are handed to `writeHead`. */
export function withoutOurs(
  response: ServerResponse,
  { given, status, isSized }: { given: Fields; status: number; isSized: boolean },
): OutgoingHttpHeader[] {
  const kept = pairsOf(given).filter(([name, value]) => {
    if (kindOf(name) !== 'ours') return true;
    const lower = String(name).toLowerCase();
    if (lower === 'connection' && CLOSE.test(String(value))) response.shouldKeepAlive = false;
    if (lower === 'upgrade') return needsUpgrade(status);
    return lower === 'transfer-encoding' && !isSized && isChunked(value) && maySendChunks(response);
  });
  return kept.flat(1);
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
