import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { cutAnswer } from './closing.ts';

export type ListenerFailure = (error: unknown, request: IncomingMessage) => void;

/**
 * Answers 500 when a plain listener throws or rejects before it sent a head, and cuts the connection when it does so later: the client
 * must not take half an answer for a whole one.
 */
export function guardListener(listener: RequestListener, onFailure: ListenerFailure): RequestListener {
  const fail = (error: unknown, request: IncomingMessage, response: ServerResponse) => {
    onFailure(error, request);
    if (response.headersSent) cutAnswer(response);
    else answerServerError(response);
  };
  return (request, response) => {
    try {
      const result: unknown = listener(request, response);
      if (result instanceof Promise) result.catch((error: unknown) => fail(error, request, response));
    } catch (error) {
      fail(error, request, response);
    }
  };
}

/** Guards the listeners that an application's own server has by now; those of a framework guard themselves. */
export function guardServer(server: Server, onFailure: ListenerFailure): Server {
  const listeners = server.rawListeners('request');
  server.removeAllListeners('request');
  for (const listener of listeners) {
    const bound: RequestListener = (request, response) => Reflect.apply(listener, server, [request, response]);
    server.on('request', guardListener(bound, onFailure));
  }
  return server;
}

function answerServerError(response: ServerResponse): void {
  const body = 'Internal Server Error\n';
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  // The reason is said: the application may have left one behind that no answer may hold.
  response.writeHead(500, 'Internal Server Error', {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  });
  response.end(body);
}
