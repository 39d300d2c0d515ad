// The fetch application on srvx, with its faster Response in place of the global one.
import { FastResponse, serve } from 'srvx';
import app from './fetch-app.mjs';
import { KEEP_ALIVE_SECONDS } from './payload.mjs';

globalThis.Response = FastResponse;
const node = { keepAliveTimeout: KEEP_ALIVE_SECONDS * 1_000 };
const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1', silent: true, node });
await server.ready();
console.log(`listening on ${new URL(server.url).port}`);
