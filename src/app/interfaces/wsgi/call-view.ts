import { ExchangeFacts } from '../../exchange-facts.ts';

/**
 * A request to a Python application as the worker's observers see it. Hooks get objects of the platform that say what went over the wire,
 * without the bodies; they are made when somebody asks.
 */
export class CallView extends ExchangeFacts {
  override get request(): Request {
    const { head, origin } = this.exchange;
    const scheme = origin.secure ? 'https' : 'http';
    const url = head.line.authority === null ? `${scheme}://${head.host}${head.line.target}` : head.line.target;
    return new Request(URL.canParse(url) ? url : `${scheme}://unnamed/`, {
      method: head.line.method,
      headers: headersOf(origin.fields),
    });
  }

  override get response(): Response | null {
    const { status, isAbandoned, answerFields } = this.exchange;
    return status < 200 || isAbandoned ? null : new Response(null, { status, headers: headersOf(answerFields) });
  }
}

function headersOf(fields: readonly string[]): Headers {
  const headers = new Headers();
  for (let index = 0; index < fields.length; index += 2) headers.append(fields[index] ?? '', fields[index + 1] ?? '');
  return headers;
}
