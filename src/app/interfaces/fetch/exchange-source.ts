import type { Exchange } from '../../../http/exchange.ts';
import type { RequestBody } from '../../../http/request-body.ts';
import type { RequestSource } from './request-source.ts';

/** An exchange of the engine, as a request is read from it. */
export class ExchangeSource implements RequestSource {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  get method(): string {
    return this.#exchange.head.line.method;
  }

  get url(): string {
    const { head, origin } = this.#exchange;
    const { target, authority } = head.line;
    if (authority !== null) return target;
    // HTTP/1.0 may name no host, and `*` is no path.
    const path = target === '*' ? '/*' : target;
    return `${origin.secure ? 'https' : 'http'}://${head.host === '' ? 'localhost' : head.host}${path}`;
  }

  get fields(): readonly string[] {
    return this.#exchange.origin.fields;
  }

  get body(): RequestBody | null {
    return this.#exchange.body;
  }

  onAbort(listener: () => void): void {
    this.#exchange.onGone(listener);
  }
}
