import { type Server, startServer } from '../support/server.ts';
import { describeHttpRows } from './http/describe.ts';
import type { HttpException } from './http/run.ts';

/** `node:http` parses with llhttp, which the interface cannot replace. */
const exceptions: readonly HttpException[] = [
  {
    row: 'request line',
    name: /^unknown method/,
    because: 'llhttp knows a list of methods and refuses every other one',
    instead: { expect: 400, after: 'closed' },
  },
];

let server: Server;

describeHttpRows('node', {
  async start() {
    server = await startServer({ app: 'apps/http-echo.mjs' });
    return server;
  },
  stop: () => server.stop({ expectErrors: ['request.failed'] }),
  exceptions,
});
