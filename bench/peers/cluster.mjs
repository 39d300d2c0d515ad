// node:cluster with as many workers as WORKERS says, running the listener of hello.mjs. Prints its port when all of them listen.
import cluster from 'node:cluster';
import { createServer } from 'node:http';
import hello from './hello.mjs';

if (cluster.isPrimary) {
  const count = Number(process.env.WORKERS ?? 2);
  let listening = 0;
  for (let index = 0; index < count; index += 1) cluster.fork();
  cluster.on('listening', (_worker, { port }) => {
    listening += 1;
    if (listening === count) console.log(`listening on ${port}`);
  });
} else {
  createServer(hello).listen(0, '127.0.0.1');
}
