// Nothing runs this: the compiler holds it against what the package exports to those who write applications and hooks.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Config, HookLog, Hooks, ServerInfo, TimeoutEvidence, UserConfig, WorkerInfo } from 'tsunicorn';
import { defineConfig, type FetchApplication, type FetchContext, type NodeApplication } from 'tsunicorn';

/** Compiles only where `A` and `B` are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_verdict: Same<A, B>): void {}

export const fetchApplication = {
  async fetch(request, context) {
    same<typeof request, Request>(true);
    same<typeof context, FetchContext>(true);
    same<typeof context.clientAddress, string>(true);
    same<ReturnType<typeof context.upgrade>, Duplex>(true);
    context.waitUntil(request.text());
    const name: string | undefined = context.env.NAME;
    return new Response(name);
  },
} satisfies FetchApplication;

export const withoutContext = { fetch: () => new Response('hello') } satisfies FetchApplication;

class Application implements FetchApplication {
  readonly #greeting = 'hello';

  fetch(_request: Request, { clientAddress }: FetchContext): Response {
    return new Response(`${this.#greeting} ${clientAddress}`);
  }
}
export const made: FetchApplication = new Application();

// @ts-expect-error A fetch application answers with a Response.
export const answersText = { fetch: () => 'hello' } satisfies FetchApplication;

export const misspelt = {
  fetch(_request, context) {
    // @ts-expect-error There is no such member.
    return new Response(context.clientAdress);
  },
} satisfies FetchApplication;

export const nodeApplication = (async (request, response) => {
  same<typeof request, IncomingMessage>(true);
  response.end(request.url);
}) satisfies NodeApplication;

export const hooks = {
  postFork(server, worker) {
    same<typeof server, ServerInfo>(true);
    same<typeof worker, WorkerInfo>(true);
    same<typeof server.config, Config>(true);
    same<typeof worker.log, HookLog>(true);
  },
  workerTimeout: (_server, worker, evidence) => {
    same<typeof evidence, TimeoutEvidence>(true);
    worker.log.warn('silent', { silentMs: evidence.silentMs });
  },
  async preRequest(_worker, request) {
    same<typeof request, IncomingMessage | Request>(true);
  },
} satisfies Hooks;

export const config: UserConfig = { workers: 2, ...hooks };
export default defineConfig({ app: './app.ts', ...hooks });
