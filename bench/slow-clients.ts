import { connect, type Socket } from 'node:net';

/** Clients that send a byte of their head a second, and come again when the server hangs up. Whoever started them stops them. */
export interface SlowClients {
  stop(): void;
}

/** All bytes of one tick at once would be a burst: the clients take turns in so many groups. */
const GROUPS = 10;
const START = 'GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ';

/** Starts so many. One timer serves them all, so that they cost next to no processor time. */
export async function startSlowClients(port: number, count: number, { everyMs = 1_000 } = {}): Promise<SlowClients> {
  const clients: (Client | undefined)[] = Array.from({ length: count }, () => newClient(port));
  await Promise.all(clients.map((client) => client?.settled));
  let turn = 0;
  const timer = setInterval(() => {
    turn += 1;
    for (let index = turn % GROUPS; index < clients.length; index += GROUPS) {
      const client = clients[index];
      if (client === undefined || client.socket.destroyed) clients[index] = newClient(port);
      else client.sendByte();
    }
  }, everyMs / GROUPS);
  return {
    stop() {
      clearInterval(timer);
      for (const client of clients) client?.socket.destroy();
    },
  };
}

interface Client {
  readonly socket: Socket;
  /** It is connected, or was refused. */
  readonly settled: Promise<void>;
  sendByte(): void;
}

function newClient(port: number): Client {
  const socket = connect(port, '127.0.0.1');
  const settled = new Promise<void>((resolve) => {
    socket.once('connect', resolve).once('close', () => resolve());
  });
  // What the server answers to somebody who is too slow is thrown away.
  socket.on('error', () => {}).resume();
  let sent = 0;
  return {
    socket,
    settled,
    sendByte() {
      if (socket.writable) socket.write(START[sent] ?? 'x');
      sent += 1;
    },
  };
}
