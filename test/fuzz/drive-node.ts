import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';

/** A request that `node:http` gave to its listener, and whose body came to its end. */
export interface NodeRequest {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly fields: readonly string[];
  readonly body: string;
}

/** What `node:http` made of the bytes of one connection. */
export interface NodeReading {
  readonly requests: readonly NodeRequest[];
  /** Whether it refused what came behind the last of them: by an error of its parser, a status of its own, or as no HTTP. */
  readonly refusal: string | null;
}

/** `node:http` without a network: each call is one connection. */
export interface NodeDriver {
  drive(text: string): Promise<NodeReading>;
  close(): void;
}

interface Seen {
  readonly requests: NodeRequest[];
  refusal: string | null;
}

export function createNodeDriver(): NodeDriver {
  const seen = new WeakMap<object, Seen>();
  // Nothing of it is about limits and deadlines: both differ by default.
  const limits = { maxHeaderSize: 1_048_576, requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 };
  const server = createServer({ ...limits, insecureHTTPParser: false, joinDuplicateHeaders: false });
  server.maxHeadersCount = 0;
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    let body = '';
    request.setEncoding('latin1');
    request.on('data', (piece: string) => {
      body += piece;
    });
    request.on('error', () => {});
    request.on('end', () => {
      const { method = '', url = '', httpVersion, rawHeaders } = request;
      seen.get(request.socket)?.requests.push({ method, target: url, version: httpVersion, fields: rawHeaders, body });
      response.writeHead(200, { 'Content-Length': '0' }).end();
    });
  });
  // Without this it hangs up at once, also on those who came before.
  server.on('connect', (_request, socket) => {
    const of = seen.get(socket);
    if (of !== undefined) of.refusal ??= 'CONNECT';
  });
  server.on('clientError', (error, socket) => {
    const of = seen.get(socket);
    if (of !== undefined) of.refusal ??= 'code' in error ? String(error.code) : error.message;
  });
  return { drive: (text) => drive(text, { server, seen }), close: () => server.close() };
}

/** Rounds of the event loop without any progress after which none is expected: between two requests in a row there are some. */
const IDLE_ROUNDS = 5;

async function drive(
  text: string,
  { server, seen }: { server: Server; seen: WeakMap<object, Seen> },
): Promise<NodeReading> {
  const of: Seen = { requests: [], refusal: null };
  const socket = new MemorySocket();
  seen.set(socket, of);
  server.emit('connection', socket);
  socket.push(Buffer.from(text, 'latin1'));
  let before = '';
  for (let idleRounds = 0; idleRounds < IDLE_ROUNDS; ) {
    await new Promise(setImmediate);
    const now = `${of.requests.length} ${of.refusal} ${socket.written.length} ${socket.destroyed}`;
    idleRounds = now === before ? idleRounds + 1 : 0;
    before = now;
  }
  const statuses = [...socket.written.matchAll(/HTTP\/1\.1 ([245]\d\d) /g)].map(([, status = '']) => status);
  const answered = statuses.findIndex((status) => status !== '200');
  // It goes on behind a request that it refused itself, and lets the listener see what follows.
  const requests = answered === -1 ? of.requests : of.requests.slice(0, answered);
  socket.destroy();
  return { requests, refusal: statuses[answered] ?? of.refusal };
}

/** Keeps what is written, and has no kernel below. */
class MemorySocket extends Duplex {
  written = '';

  override _read(): void {}

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: () => void): void {
    this.written += Buffer.from(chunk).toString('latin1');
    done();
  }

  /** As of a socket. */
  setTimeout(): this {
    return this;
  }

  /** As of a socket. */
  destroySoon(): void {
    this.end(() => this.destroy());
  }
}
