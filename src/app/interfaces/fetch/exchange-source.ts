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

  get origin(): string {
    const { head, origin } = this.#exchange;
    const { target, authority } = head.line;
    if (authority !== null) return target.slice(0, target.indexOf('//') + 2) + authority;
    return originText(origin.secure, head.host);
  }

  get target(): string {
    const { target, authority } = this.#exchange.head.line;
    if (authority === null) return target;
    const path = target.slice(target.indexOf('//') + 2 + authority.length);
    return path.startsWith('/') ? path : `/${path}`;
  }

  get fields(): readonly string[] {
    return this.#exchange.origin.fields;
  }

  get body(): RequestBody | null {
    return this.#exchange.body;
  }

  onAbort(listener: () => void): void {
    this.#exchange.onLeaving(listener);
  }
}

let lastHost = '';
let lastSecure = false;
let lastOrigin = '';

/** The same text for the same host, so that whoever compares texts need not look into them. HTTP/1.0 may name no host. */
function originText(secure: boolean, host: string): string {
  if (host !== lastHost || secure !== lastSecure || lastOrigin === '') {
    lastHost = host;
    lastSecure = secure;
    lastOrigin = `${secure ? 'https' : 'http'}://${host === '' ? 'localhost' : host}`;
  }
  return lastOrigin;
}

let lastUrlHost = '';

/** Whether `request.url` can be made of it: RFC 9110 takes hosts that the URL standard does not, such as `256.256.256.256`. */
export function isUrlHost(host: string): boolean {
  if (host === lastUrlHost || host === '') return true;
  if (!URL.canParse(`http://${host}`)) return false;
  lastUrlHost = host;
  return true;
}
