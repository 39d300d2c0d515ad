import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Target } from '../../support/target.ts';

/** A little server on loopback, in this process. */
export interface Planted {
  readonly target: Target & { readonly port: number };
  /** The peers that connected, as `address`. */
  readonly peers: readonly string[];
  close(): Promise<void>;
}

/** Told of each request on a connection by its number, from 0; requests have no body. */
export type Behaviour = (socket: Socket, request: number) => void;

export const WHOLE = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';

/** Answers over raw sockets, as `behave` has it. */
export function plantRaw(behave: Behaviour): Promise<Planted> {
  return planted(
    createServer((socket) => {
      let requests = 0;
      socket.setEncoding('latin1');
      socket.on('error', () => {});
      socket.on('data', (bytes: string) => {
        for (const _ of bytes.matchAll(/\r\n\r\n/g)) behave(socket, requests++);
      });
    }),
  );
}

/** Answers by Node's own HTTP server, which is right by assumption. */
export function plantHttp(listener: RequestListener): Promise<Planted> {
  return planted(createHttpServer({ keepAliveTimeout: 60_000 }, listener));
}

async function planted(server: Server): Promise<Planted> {
  const sockets = new Set<Socket>();
  const peers: string[] = [];
  server.on('connection', (socket: Socket) => {
    peers.push(socket.remoteAddress ?? '');
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    target: { port },
    peers,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
