import { createServer, type RequestListener, Server } from 'node:http';
import { TsunicornError } from '../../../errors.ts';
import type { LoadedApplication } from '../../load.ts';
import { guardListener, guardServer, type ListenerFailure } from './guard.ts';

/** A factory may return a factory; more than this is a mistake. */
const DEEPEST_FACTORY = 3;

/**
 * Makes a `node:http` server of whatever an application exports: a listener `(req, res[, next])` (plain, Express, Connect), Koa, Fastify,
 * Polka and their kind, an `http.Server`, or a factory, sync or async, of one of these.
 *
 * @param onFailure is told of what a listener throws or rejects with; frameworks handle their own.
 * @throws TsunicornError `APP_EXPORT` for anything else.
 */
export async function adaptNodeApplication(app: LoadedApplication, onFailure: ListenerFailure): Promise<Server> {
  let value = app.value;
  for (let depth = 0; depth <= DEEPEST_FACTORY; depth += 1) {
    const server = await adaptValue(value, app, onFailure);
    if (server !== null) return server;
    // What adaptValue leaves over is a function without parameters: a factory.
    value = typeof value === 'function' ? await value() : undefined;
  }
  throw exportError(app, `is a factory whose result is a factory, ${DEEPEST_FACTORY} times over`);
}

async function adaptValue(value: unknown, app: LoadedApplication, onFailure: ListenerFailure): Promise<Server | null> {
  if (value instanceof Server) return guardServer(checkedServer(value, app), onFailure);
  if (isFastify(value)) {
    await value.ready();
    return checkedServer(value.server, app);
  }
  if (isKoa(value)) return createServer(value.callback());
  if (isListener(value)) return createServer(guardListener(value, onFailure));
  if (isHandlerObject(value)) {
    const { handler } = value;
    return createServer(guardListener((request, response) => handler.call(value, request, response), onFailure));
  }
  if (typeof value === 'function' && value.length === 0) {
    if (/^class\b/.test(Function.prototype.toString.call(value))) throw exportError(app, 'is a class');
    return null;
  }
  throw exportError(app, describeValue(value));
}

function checkedServer(server: Server, app: LoadedApplication): Server {
  if (!server.listening) return server;
  throw exportError(app, 'is a server that listens already, on a port of its own; leave the listen() call out');
}

function exportError(app: LoadedApplication, what: string): TsunicornError {
  const message =
    `The export "${app.exportName}" of ${app.file} ${what}. Export a listener (req, res), an Express, Koa or Fastify app, ` +
    `an http.Server, or a function without parameters that makes one of these.`;
  return new TsunicornError('APP_EXPORT', message);
}

function describeValue(value: unknown): string {
  if (value === null || value === undefined) return `is ${value}: did a factory forget to return?`;
  if (typeof value === 'function')
    return `takes one parameter, and so is neither a listener (req, res) nor a factory ()`;
  if (typeof value === 'object')
    return `is an object that answers no requests (it has ${Object.keys(value).slice(0, 8).join(', ') || 'no members'})`;
  return `is a ${typeof value}`;
}

/** Express and Connect apps are functions with three parameters, and so listeners too. */
function isListener(value: unknown): value is RequestListener {
  return typeof value === 'function' && value.length >= 2;
}

function isKoa(value: unknown): value is { callback(): RequestListener } {
  return hasMethod(value, 'callback') && hasMethod(value, 'use');
}

function isFastify(value: unknown): value is { ready(): Promise<unknown>; server: Server } {
  return hasMethod(value, 'ready') && 'server' in value && value.server instanceof Server;
}

/** Polka and its kind: an object with `handler(req, res)`. */
function isHandlerObject(value: unknown): value is { handler: RequestListener } {
  return hasMethod(value, 'handler');
}

function hasMethod<Name extends string>(
  value: unknown,
  name: Name,
): value is Record<Name, (...rest: never[]) => unknown> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  return typeof Reflect.get(value, name) === 'function';
}
