import { Socket } from 'node:net';
import { createEngine, type Engine } from '../../src/http/engine.ts';
import type { Exchange } from '../../src/http/exchange.ts';
import type { HttpLimits } from '../../src/http/limits.ts';
import { BodyError } from '../../src/http/request-body.ts';
import { renderFields } from '../../src/http/response-head.ts';
import type { ReferenceLimits, SeenRequest } from './reference-parser.ts';

/** What became of the bytes of one connection. */
export interface Driven {
  /** Those that the application got whole. */
  readonly requests: readonly SeenRequest[];
  /** Of the answers, `100` left out. */
  readonly statuses: readonly number[];
  /** Whether the server closed its side. */
  readonly isEnded: boolean;
}

const HOUR_MS = 3_600_000;
const TIMES = {
  ...{ headerTimeoutMs: HOUR_MS, bodyTimeoutMs: HOUR_MS, writeTimeoutMs: HOUR_MS, requestTimeoutMs: null },
  ...{ keepAliveMs: HOUR_MS, drainIdleTimeoutMs: HOUR_MS },
};
const OK = { status: 200, reason: 'OK', fields: renderFields([]) };

/** The engine without a network: each call is one connection. */
export interface EngineDriver {
  /** The application answers 200 to each request. */
  drive(pieces: readonly string[]): Promise<Driven>;
}

/** `bodies`: whether the application reads each to its end before it answers, or answers at once and reads none. */
export function createEngineDriver(limits: ReferenceLimits, bodies: 'read' | 'ignored'): EngineDriver {
  const seen = new WeakMap<object, SeenRequest[]>();
  const engine = createEngine({
    limits: { ...limits, ...TIMES } satisfies HttpLimits,
    serverHeader: null,
    originOf: (fields) => ({ clientAddress: '', secure: false, fields }),
    handle(exchange) {
      const requests = seen.get(exchange.peer) ?? [];
      if (bodies === 'read') void readAndAnswer(exchange, requests);
      else answer(exchange, requests, '');
    },
  });
  return { drive: (pieces) => drive({ engine, seen }, pieces) };
}

async function readAndAnswer(exchange: Exchange, requests: SeenRequest[]): Promise<void> {
  let body = '';
  if (exchange.body !== null) {
    try {
      body = Buffer.from(await exchange.body.bytes()).toString('latin1');
    } catch (error) {
      if (error instanceof BodyError) return;
      throw error;
    }
  }
  answer(exchange, requests, body);
}

function answer(exchange: Exchange, requests: SeenRequest[], body: string): void {
  const { method, target, minorVersion } = exchange.head.line;
  requests.push({ method, target, minorVersion, fields: exchange.origin.fields, body });
  exchange.respond(OK, null);
}

async function drive(
  { engine, seen }: { engine: Engine; seen: WeakMap<object, SeenRequest[]> },
  pieces: readonly string[],
): Promise<Driven> {
  const peer = { address: '192.0.2.1', port: 1, encrypted: false };
  const requests: SeenRequest[] = [];
  seen.set(peer, requests);
  const socket = new RecordingSocket();
  const receive = engine.open(socket, peer);
  for (const piece of pieces) {
    // What is lent is overwritten afterwards, as a socket's buffer is.
    LENT.write(piece, 'latin1');
    const goesOn = receive(LENT, piece.length);
    LENT.fill('~', 0, piece.length);
    if (!goesOn) socket.pause();
    if (socket.isPaused()) await settled(socket, requests);
  }
  await settled(socket, requests);
  const driven = { requests, statuses: statusesIn(socket.written, requests), isEnded: socket.isEnded };
  socket.destroy();
  return driven;
}

const LENT = Buffer.alloc(65_536);

/** Rounds of the event loop, until one in which nothing is written any more. */
async function settled(socket: RecordingSocket, requests: readonly SeenRequest[]): Promise<void> {
  for (let before = ''; ; ) {
    await new Promise(setImmediate);
    const now = `${socket.written.length} ${requests.length} ${socket.isEnded}`;
    if (now === before) return;
    before = now;
  }
}

/** The statuses of answers in a row, of which only the last, a refusal, has a body. */
function statusesIn(written: string, requests: readonly SeenRequest[]): number[] {
  const statuses: number[] = [];
  let at = 0;
  while (at < written.length) {
    const head = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(written.slice(at));
    if (head === null) throw new Error(`no answer begins at ${at} of ${JSON.stringify(written)}`);
    const status = Number(head[1]);
    at += head[0].length;
    if (status === 100) continue;
    statuses.push(status);
    if (statuses.length > requests.length) {
      if (!/^(?:[A-Z][A-Za-z ]+\n)?$/.test(written.slice(at)))
        throw new Error(`more behind the last answer: ${written}`);
      break;
    }
  }
  return statuses;
}

/** Keeps what is written, and has no kernel below. */
class RecordingSocket extends Socket {
  written = '';
  isEnded = false;
  #isPaused = false;

  override write(data: string | Uint8Array): boolean {
    if (this.isEnded) throw new Error('written after the end');
    this.written += typeof data === 'string' ? data : Buffer.from(data).toString('latin1');
    return true;
  }

  override _write(data: string | Uint8Array, _encoding: BufferEncoding, callback: () => void): void {
    this.write(data);
    callback();
  }

  override end(): this {
    this.isEnded = true;
    return this;
  }

  override pause(): this {
    this.#isPaused = true;
    return this;
  }

  override resume(): this {
    this.#isPaused = false;
    return this;
  }

  override isPaused(): boolean {
    return this.#isPaused;
  }
}
