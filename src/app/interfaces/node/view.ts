import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestView } from '../../contract.ts';
import type { Exchange } from './connections.ts';

const views = new WeakMap<ServerResponse, NodeView>();
const overruled = new WeakMap<ServerResponse, number>();

/** One view an answer. To see the length of its body, the first one must be asked for before the application writes. */
export function nodeView(exchange: Exchange): RequestView {
  const known = views.get(exchange.response);
  if (known !== undefined) return known;
  const view = new NodeView(exchange);
  views.set(exchange.response, view);
  return view;
}

/** The server answered in place of the application. */
export function noteOverruled(response: ServerResponse, status: number): void {
  overruled.set(response, status);
}

class NodeView implements RequestView {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly clientAddress: string;
  responseBytes = 0;

  constructor({ request, response, clientAddress }: Exchange) {
    this.request = request;
    this.response = response;
    this.clientAddress = clientAddress;
    if (request.method !== 'HEAD') this.#countBytes();
  }

  get method(): string {
    return this.request.method ?? '';
  }

  get target(): string {
    return this.request.url ?? '';
  }

  get protocol(): string {
    return `HTTP/${this.request.httpVersion}`;
  }

  get status(): number {
    return this.response.headersSent ? this.response.statusCode : (overruled.get(this.response) ?? 499);
  }

  requestHeader(name: string): string | undefined {
    return joined(this.request.headers[name]);
  }

  responseHeader(name: string): string | undefined {
    return joined(this.response.getHeader(name));
  }

  /** The body that the application writes, before chunked framing. */
  #countBytes(): void {
    const { response } = this;
    const add = (chunk: unknown, encoding: unknown) => {
      if (typeof chunk === 'string') this.responseBytes += Buffer.byteLength(chunk, bufferEncoding(encoding));
      else if (chunk instanceof Uint8Array) this.responseBytes += chunk.byteLength;
    };
    const { write, end } = response;
    // ServerResponse.end calls write of its own accord only internally, never through the property: no byte is counted twice.
    response.write = (chunk: unknown, ...rest: unknown[]) => {
      add(chunk, rest[0]);
      return Reflect.apply(write, response, [chunk, ...rest]);
    };
    response.end = (chunk?: unknown, ...rest: unknown[]) => {
      add(chunk, rest[0]);
      return Reflect.apply(end, response, [chunk, ...rest]);
    };
  }
}

function joined(value: number | string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value?.toString();
}

function bufferEncoding(value: unknown): BufferEncoding {
  return typeof value === 'string' && Buffer.isEncoding(value) ? value : 'utf8';
}
