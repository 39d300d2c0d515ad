// One bare node:http process. PM2 runs it too: its cluster mode shares the socket behind the program's back.
import { createServer } from 'node:http';
import listener from './listener-app.mjs';
import { KEEP_ALIVE_SECONDS } from './payload.mjs';

const server = createServer({ keepAliveTimeout: KEEP_ALIVE_SECONDS * 1_000 }, listener);
server.listen(0, '127.0.0.1', () => console.log(`listening on ${server.address().port}`));
