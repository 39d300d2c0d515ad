import { type Server, startServer } from '../support/server.ts';
import { describeHttpRows } from './http/describe.ts';

let server: Server;

describeHttpRows('fetch', {
  async start() {
    server = await startServer({ app: 'apps/fetch/http-echo.mjs' });
    return server;
  },
  stop: () => server.stop({ expectErrors: ['request.failed'] }),
  exceptions: [],
});
