// The fetch application on Bun's own server.
import app from './fetch-app.mjs';
import { KEEP_ALIVE_SECONDS } from './payload.mjs';

const server = Bun.serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1', idleTimeout: KEEP_ALIVE_SECONDS });
console.log(`listening on ${server.port}`);
