import { connect, type Socket } from 'node:net';

/** Connections that had one answer each and then lie idle. Whoever opened them closes them. */
export interface IdleConnections {
  /** How many the server has not closed. */
  stillOpen(): number;
  close(): void;
}

/** So many at once fit into every server's accept queue. */
const BATCH = 100;

/** Opens so many connections, each of which asks for `/` once. Throws when the server closes one of them. */
export async function openIdle(port: number, count: number): Promise<IdleConnections> {
  const sockets: Socket[] = [];
  const close = () => {
    for (const socket of sockets) socket.destroy();
  };
  try {
    while (sockets.length < count) {
      const batch = Array.from({ length: Math.min(BATCH, count - sockets.length) }, () => connect(port, '127.0.0.1'));
      sockets.push(...batch);
      await Promise.all(batch.map(askOnce));
    }
  } catch (error) {
    close();
    throw error;
  }
  return { stillOpen: () => sockets.filter((socket) => socket.readyState === 'open').length, close };
}

function askOnce(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let answer = '';
    socket.on('data', (piece) => {
      answer += piece.toString('latin1');
      if (answer.includes('hello world\n')) resolve();
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('The server closed a connection that should lie idle.')));
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  });
}
