import type { FetchContext } from '../../../application.ts';
import type { Exchange } from '../../../http/exchange.ts';
import type { UpgradedConnection } from '../../../http/upgrade.ts';
import type { Background } from './background.ts';

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
