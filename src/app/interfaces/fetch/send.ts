import { STATUS_CODES } from 'node:http';
import type { ReadableStream } from 'node:stream/web';
import type { Exchange } from '../../../http/exchange.ts';
import { InvalidResponse, renderFields } from '../../../http/response-head.ts';
import { type Answer, answerOf } from './answer.ts';
import { LightController } from './light-controller.ts';
import { directSourceOf } from './light-stream.ts';

/**
 * Sends what an application answered with. The promise, where there is one, is that of a streamed body.
 *
 * @throws TypeError, InvalidResponse where it cannot be sent; nothing was sent then.
 */
export function sendResponse(response: unknown, exchange: Exchange): Promise<void> | undefined {
  const answer = answerOf(response);
  if (answer === null) {
    if (exchange.isOver) return undefined;
    throw new TypeError(`The application answered with ${describe(response)}. Return a Response.`);
  }
  const { body } = answer;
  exchange.answerFields = answer.fields;
  if (body === null || typeof body === 'string' || body instanceof Uint8Array) {
    exchange.respond(headOf(answer), body);
    return undefined;
  }
  if (body instanceof Blob) return stream(answer, { body: body.stream(), length: body.size, exchange });
  return stream(answer, { body, length: null, exchange });
}

function headOf({ status, statusText, fields }: Answer) {
  return { status, reason: reasonOf(status, statusText), fields: renderFields(fields) };
}

function reasonOf(status: number, statusText: string): string {
  if (statusText === '') return status === 200 ? 'OK' : (STATUS_CODES[status] ?? '');
  // The platform takes obs-text too; a line end is what must not get out.
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(statusText)) throw new InvalidResponse('statusText holds a control character');
  return statusText;
}

async function stream(
  answer: Answer,
  what: { body: ReadableStream<Uint8Array>; length: number | null; exchange: Exchange },
): Promise<void> {
  const { body, length, exchange } = what;
  exchange.begin(headOf(answer), length);
  const direct = directSourceOf(body);
  if (direct !== null) return await sendDirect(direct, exchange);
  const reader = body.getReader();
  if (exchange.head.line.method === 'HEAD' || exchange.isOver) {
    await reader.cancel();
    exchange.end();
    return;
  }
  exchange.onGone(() => void reader.cancel(new Error('The client is gone.')).catch(() => {}));
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (!exchange.write(bytesOf(value))) await exchange.drained();
    if (exchange.isOver) return;
  }
  end(exchange);
}

/** As {@link stream}, for what needs no reader. */
function sendDirect(source: LightController, exchange: Exchange): Promise<void> {
  if (exchange.head.line.method === 'HEAD' || exchange.isOver) {
    return LightController.cancel(source).then(() => end(exchange));
  }
  return new Promise((resolve, reject) => {
    exchange.onGone(() => {
      LightController.cancel(source, new Error('The client is gone.')).catch(() => {});
      resolve();
    });
    const resume = () => LightController.resume(source);
    LightController.take(source, {
      take(piece) {
        const goesOn = exchange.write(bytesOf(piece));
        if (!goesOn) exchange.drained().then(resume);
        return goesOn;
      },
      ended() {
        try {
          end(exchange);
          resolve();
        } catch (error) {
          reject(error);
        }
      },
      failed: reject,
    });
  });
}

function bytesOf(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece;
  throw new TypeError(`The stream of a response gave ${describe(piece)}. Give Uint8Array pieces.`);
}

function end(exchange: Exchange): void {
  const missing = exchange.end();
  if (missing > 0) throw new RangeError(`the body is ${missing} bytes shorter than its Content-Length`);
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'object') return `an object of the class ${value.constructor?.name ?? '(none)'}`;
  return `a ${typeof value}`;
}
