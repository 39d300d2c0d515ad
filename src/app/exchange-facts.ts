import type { Exchange } from '../http/exchange.ts';
import type { RequestView } from './contract.ts';

/** What the worker's observers see of an exchange of the engine, whatever the interface. */
export abstract class ExchangeFacts implements RequestView {
  abstract readonly request: RequestView['request'];
  abstract readonly response: RequestView['response'];
  protected readonly exchange: Exchange;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
  }

  get clientAddress(): string {
    return this.exchange.origin.clientAddress;
  }

  get method(): string {
    return this.exchange.head.line.method;
  }

  get target(): string {
    return this.exchange.head.line.target;
  }

  get protocol(): string {
    return `HTTP/1.${this.exchange.head.line.minorVersion}`;
  }

  get status(): number {
    return this.exchange.status;
  }

  get responseBytes(): number {
    return this.exchange.bodyBytes;
  }

  requestHeader(name: string): string | undefined {
    return joined(this.exchange.origin.fields, name);
  }

  responseHeader(name: string): string | undefined {
    return joined(this.exchange.answerFields, name);
  }
}

/** The values of all fields of that name (in lower case), as one. */
function joined(fields: readonly string[], name: string): string | undefined {
  let value: string | undefined;
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at]?.toLowerCase() !== name) continue;
    value = value === undefined ? fields[at + 1] : `${value}, ${fields[at + 1]}`;
  }
  return value;
}
