import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Answer, MalformedAnswer, readAnswers } from './answer.ts';
import { within } from './spawned.ts';
import { connectTo, methodOf, type RequestShape, requestBytes, type Target } from './target.ts';

/** An answer with its body as text. */
export interface TextAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** An answer on a kept-alive connection. */
export interface KeepAliveAnswer extends Omit<Answer, 'body'> {
  readonly body: string;
}

/** One connection on which requests follow each other. The caller closes it, or awaits `closed`. */
export interface KeepAlive {
  /** Sends a request, waits for its whole answer. Rejects when the connection ends first, on malformed bytes, and after 10 s. */
  request(path: string, init?: Omit<RequestShape, 'path'>): Promise<KeepAliveAnswer>;
  /** Sends these bytes as a request or the end of one, and waits for an answer. */
  send(bytes: string | Buffer): Promise<KeepAliveAnswer>;
  /** Sends these bytes and waits for nothing: the first part of a request, for instance. */
  write(bytes: string | Buffer): void;
  /** Resolved when the connection is closed, by whomever; with the errno if it broke, else `null`. */
  readonly closed: Promise<string | null>;
  close(): void;
}

const ANSWER_WITHIN_MS = 10_000;

/** Asks once, on a connection of its own, and reads the whole answer. `to` is a URL, or a unix socket with a path in `init`. */
export function fetchText(to: string | { unixPath: string }, init: RequestShape = {}): Promise<TextAnswer> {
  const where =
    typeof to === 'string' ? new URL(init.path ?? '', to) : { socketPath: to.unixPath, path: init.path ?? '/' };
  const answer = new Promise<TextAnswer>((resolve, reject) => {
    const options = { agent: false, method: methodOf(init), headers: { ...init.headers } } as const;
    const request =
      where instanceof URL
        ? httpRequest(where, options)
        : httpRequest({ ...options, socketPath: where.socketPath, path: where.path });
    request.on('error', reject);
    request.on('response', (response) => {
      const { statusCode = 0, headers } = response;
      text(response).then((body) => resolve({ status: statusCode, headers, text: body }), reject);
    });
    request.end(init.body);
  });
  return within(answer, ANSWER_WITHIN_MS, `no whole answer to ${JSON.stringify(to)} within ${ANSWER_WITHIN_MS} ms`);
}

/**
 * Sends these bytes and resolves with all that comes back (as latin1) once the server closes or resets the connection; our side stays
 * open. Rejects where no connection is made, and when the server has not closed in time, with what had come until then.
 */
export function rawRequest(to: Target, bytes: string | Buffer, options: { timeoutMs?: number } = {}): Promise<string> {
  const { timeoutMs = 5_000 } = options;
  return new Promise((resolve, reject) => {
    const socket = connectTo(to);
    let received = '';
    let connected = false;
    const timer = setTimeout(() => {
      reject(new Error(`the server did not close within ${timeoutMs} ms; it sent ${JSON.stringify(received)}`));
      socket.destroy();
    }, timeoutMs);
    socket.setEncoding('latin1');
    socket.once('connect', () => {
      connected = true;
      socket.write(bytes);
    });
    socket.on('data', (piece: string) => {
      received += piece;
    });
    socket.on('error', (error) => {
      if (!connected) reject(error);
    });
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(received);
    });
  });
}

/** Connects; requests can be sent at once. A socket that is given, and belongs to the answer then, is connected already. */
export async function openKeepAlive(to: Target, socket: Socket = connectTo(to)): Promise<KeepAlive> {
  const closed = closeOf(socket);
  await new Promise<void>((resolve, reject) => {
    if (!socket.connecting) return resolve();
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  const reader = readAnswers();
  let waiting: { resolve(answer: KeepAliveAnswer): void; reject(error: Error): void } | null = null;

  function settle(act: (who: NonNullable<typeof waiting>) => void): void {
    const who = waiting;
    waiting = null;
    if (who !== null) act(who);
  }
  socket.on('data', (bytes) => {
    try {
      const answer = reader.feed(bytes);
      if (answer !== null) settle(({ resolve }) => resolve({ ...answer, body: answer.body.toString() }));
    } catch (thrown) {
      socket.destroy(thrown instanceof MalformedAnswer ? thrown : undefined);
      settle(({ reject }) => reject(thrown instanceof Error ? thrown : new Error(String(thrown))));
    }
  });
  void closed.then((errno) => {
    const how = errno ?? 'closed';
    const failure = `the connection ended (${how}) after ${reader.bytesReceived} bytes of an answer`;
    settle(({ reject }) => reject(new Error(failure)));
  });

  function exchange(bytes: string | Buffer, method: string): Promise<KeepAliveAnswer> {
    if (waiting !== null) throw new Error('one request at a time: the last one is not answered yet');
    if (socket.destroyed) throw new Error('the connection is closed');
    const answer = new Promise<KeepAliveAnswer>((resolve, reject) => {
      waiting = { resolve, reject };
    });
    reader.expect(method);
    socket.write(bytes);
    return within(answer, ANSWER_WITHIN_MS, `no whole answer within ${ANSWER_WITHIN_MS} ms`);
  }

  return {
    closed,
    request: async (path, init = {}) => exchange(requestBytes(to, { ...init, path }), methodOf(init)),
    send: async (bytes) => exchange(bytes, 'GET'),
    write: (bytes) => void socket.write(bytes),
    close: () => void socket.destroy(),
  };
}

function closeOf(socket: Socket): Promise<string | null> {
  let errno: string | null = null;
  socket.on('error', (error: NodeJS.ErrnoException) => {
    errno = error.code ?? error.name;
  });
  return new Promise((resolve) => socket.once('close', () => resolve(errno)));
}
