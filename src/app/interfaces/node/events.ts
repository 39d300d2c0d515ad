import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { RequestEvent } from './connections.ts';

/** The events of a server that come to us first. */
type OurEvent =
  | readonly [event: RequestEvent, request: IncomingMessage, response: ServerResponse]
  | readonly [event: 'connect' | 'upgrade', request: IncomingMessage, socket: Socket, head: Buffer]
  | readonly [event: 'clientError', error: Error, socket: Socket];

export interface EventHandlers {
  request(event: RequestEvent, request: IncomingMessage, response: ServerResponse): void;
  connect(request: IncomingMessage, socket: Socket): void;
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void;
  /** The parser gave up, or the socket did. */
  clientError(error: Error, socket: Socket): void;
}

/** The application's side of the events that were taken. */
export interface TakenEvents {
  /** Tells the application. */
  request(event: RequestEvent, request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void;
  /** Whether it listens. */
  listens(event: OurEvent[0]): boolean;
}

/**
 * Takes the events of requests before the application gets them, whatever it listens to, and whenever it began: by the server's own `emit`.
 * (A listener in front could not keep a request from those behind it.) The application never gets `connect` and `clientError`.
 */
export function takeEvents(server: Server, handlers: EventHandlers): TakenEvents {
  const emit: (this: Server, event: string, ...args: unknown[]) => boolean = server.emit;
  // node:http asks whether anybody listens before it tells of these.
  const asked = ['checkContinue', 'checkExpectation', 'connect'] as const;
  for (const event of asked) server.on(event, () => {});

  function take(...args: OurEvent): boolean {
    switch (args[0]) {
      case 'request':
      case 'checkContinue':
      case 'checkExpectation':
        handlers.request(args[0], args[1], args[2]);
        return true;
      case 'connect':
        handlers.connect(args[1], args[2]);
        return true;
      case 'upgrade':
        handlers.upgrade(args[1], args[2], args[3]);
        return true;
      case 'clientError':
        handlers.clientError(args[1], args[2]);
        return true;
      default:
        // Every other event of the server: none of ours, whatever the types say.
        return Reflect.apply(emit, server, args);
    }
  }
  Reflect.set(server, 'emit', take);

  return {
    request: (event, request, response) => void emit.call(server, event, request, response),
    upgrade: (request, socket, head) => void emit.call(server, 'upgrade', request, socket, head),
    listens: (event) => server.listenerCount(event) > (asked.some((each) => each === event) ? 1 : 0),
  };
}
