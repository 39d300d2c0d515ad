import type { IncomingMessage, ServerResponse } from 'node:http';

/** Greets whom `?name=` names, and says which worker did it: ask a few times. */
export default (req: IncomingMessage, res: ServerResponse): void => {
  const { searchParams } = new URL(req.url ?? '/', 'http://localhost');
  const name = searchParams.get('name') || 'world';
  res.setHeader('Content-Type', 'text/plain; charset=utf-8');
  res.end(`Hello, ${name}! Worker ${process.pid} is glad to see you.\n`);
};
