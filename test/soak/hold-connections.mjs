// Holds idle connections, each after one answered request, until it is told to close them: PORT COUNT SOURCE_ADDRESS. A process of its own,
// for its own limit of descriptors. One that fails ends it, with the reason on stderr.
import { connect } from 'node:net';

const [port, count, localAddress] = process.argv.slice(2);
const OPENING_AT_ONCE = 100;
const held = [];
let started = 0;

function openOne() {
  if (started === Number(count)) return;
  started += 1;
  const socket = connect({ port: Number(port), host: '127.0.0.1', localAddress, noDelay: true });
  socket.once('connect', () => socket.write('GET /idle HTTP/1.1\r\nHost: a\r\n\r\n'));
  // The answer is small and comes in one piece.
  socket.once('data', () => {
    held.push(socket);
    if (held.length === Number(count)) process.send({ held: held.length });
    openOne();
  });
  socket.once('error', (error) => fail(error.message));
  socket.once('close', () => {
    if (held.length < Number(count)) fail('the server closed it');
  });
}

function fail(why) {
  console.error(`connection ${held.length} of ${count} from ${localAddress}: ${why}`);
  process.exit(1);
}

for (let opening = 0; opening < OPENING_AT_ONCE; opening += 1) openOne();

process.once('message', () => {
  const open = held.filter((socket) => !socket.destroyed);
  for (const socket of held) socket.destroy();
  setImmediate(() => process.send({ open: open.length }, () => process.disconnect()));
});
