import type { Exchange } from '../../../http/exchange.ts';
import { ExchangeFacts } from '../../exchange-facts.ts';

/** An exchange of a fetch application as the worker's observers see it. */
export class ExchangeView extends ExchangeFacts {
  override readonly request: Request;
  override response: Response | null = null;

  constructor(exchange: Exchange, request: Request) {
    super(exchange);
    this.request = request;
  }
}
