import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestView } from '../../contract.ts';

const views = new WeakMap<ServerResponse, NodeView>();

/** One view an answer. To see the length of its body, the first one must be asked for before the application writes. */
export function nodeView(request: IncomingMessage, response: ServerResponse): RequestView {
  const known = views.get(response);
  if (known !== undefined) return known;
  const view = new NodeView(request, response);
  views.set(response, view);
  return view;
}

class NodeView implements RequestView {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly clientAddress: string;
  responseBytes = 0;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.request = request;
    this.response = response;
    // A closed socket has forgotten it.
    this.clientAddress = request.socket.remoteAddress ?? '';
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
    return this.response.headersSent ? this.response.statusCode : 499;
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
