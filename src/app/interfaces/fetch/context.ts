import type { Exchange } from '../../../http/exchange.ts';
import type { UpgradedConnection } from '../../../http/upgrade.ts';
import type { Background } from './background.ts';

/** What a fetch application gets beside the request. */
export interface FetchContext {
  /** The client's address, proxies that are trusted taken off; `''` on a unix socket without one. */
  readonly clientAddress: string;
  /** The environment of the worker. */
  readonly env: NodeJS.ProcessEnv;
  /** Work that goes on after the answer. A worker that leaves waits for it, within `gracefulTimeout`; a rejection is logged. */
  waitUntil(promise: Promise<unknown>): void;
  /**
   * Answers 101 and gives the connection as a stream, for WebSockets and their kind. What the application returns then does not matter.
   *
   * @throws TypeError when the client did not ask for an upgrade.
   */
  upgrade(): UpgradedConnection;
}

/** A class because each request makes one: its methods are shared. */
export class ExchangeContext implements FetchContext {
  readonly #exchange: Exchange;
  readonly #background: Background;

  constructor(exchange: Exchange, background: Background) {
    this.#exchange = exchange;
    this.#background = background;
  }

  get clientAddress(): string {
    return this.#exchange.origin.clientAddress;
  }

  get env(): NodeJS.ProcessEnv {
    return process.env;
  }

  waitUntil(promise: Promise<unknown>): void {
    this.#background.add(promise);
  }

  upgrade(): UpgradedConnection {
    return this.#exchange.upgrade();
  }
}
