// The fetch application on @hono/node-server.
import { serve } from '@hono/node-server';
import app from './fetch-app.mjs';
import { KEEP_ALIVE_SECONDS } from './payload.mjs';

const serverOptions = { keepAliveTimeout: KEEP_ALIVE_SECONDS * 1_000 };
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1', serverOptions }, ({ port }) =>
  console.log(`listening on ${port}`),
);
