import { type Server, startServer } from '../support/server.ts';
import { pythonSuite, pythonTwin } from '../support/wsgi-server.ts';
import { describeHttpRows } from './http/describe.ts';
import type { HttpException } from './http/run.ts';

const GATHERED = 'a Python process gets a request when its body has come, or much of it';
const LIKE_CGI = 'an environ has one variable for a name, and names with "_" are dropped (headerMap)';
const SIZED = 'an answer in a list has a length';

/** What WSGI, or the way in which it is served, makes otherwise. */
const exceptions: readonly HttpException[] = [
  { row: 'names and values', name: /^(_ in a name|underscores in a name)$/, because: LIKE_CGI },
  { row: 'names and values', name: 'repeated names keep their order', because: LIKE_CGI },
  { row: 'content-length', name: 'the largest that is allowed', because: GATHERED },
  { row: 'early answer, unread body', name: /after the answer/, because: GATHERED },
  { row: 'expect', name: 'no 100 when the application does not read', because: GATHERED },
  { row: 'http/1.0', name: /^never chunked/, because: SIZED },
];

let server: Server | undefined;

describeHttpRows('wsgi', {
  async start() {
    server = await startServer(pythonTwin('http_echo_mjs'));
    return server;
  },
  stop: async () => await server?.stop({ expectErrors: ['request.failed'] }),
  check: pythonSuite,
  gathersBodies: true,
  exceptions,
});
