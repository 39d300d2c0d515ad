// One bare node:http process with the listener of hello.mjs.
import { createServer } from 'node:http';
import hello from './hello.mjs';

const server = createServer(hello).listen(0, '127.0.0.1', () => console.log(`listening on ${server.address().port}`));
