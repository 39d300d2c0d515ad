import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { installFastFetch } from '../../../../src/app/interfaces/fetch/globals.ts';
import { errorName, light, platform } from './classes.ts';
import { sentRequest } from './client-request.ts';

describe('installFastFetch', () => {
  const names = ['Request', 'Response', 'fetch', 'ReadableStream'] as const;
  const descriptors = () => names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name));
  let installed: { uninstall(): void };
  const before = descriptors();
  beforeEach(() => {
    installed = installFastFetch();
  });
  const closing: (() => void)[] = [];
  afterEach(() => {
    installed.uninstall();
    for (const close of closing.splice(0)) close();
  });

  it("puts the light classes in the place of the platform's, as properties of the same kind", () => {
    expect([Request, Response]).to.deep.equal([light.Request, light.Response]);
    expect(ReadableStream).to.equal(light.ReadableStream).and.not.equal(platform.ReadableStream);
    const flags = (list: typeof before) =>
      list.map((found) => [found?.enumerable, found?.configurable, found?.writable]);
    expect(flags(descriptors())).to.deep.equal(flags(before));
    expect([fetch.name, fetch.length]).to.deep.equal(['fetch', before[2]?.value.length]);
  });

  it('gives everything back', () => {
    installed.uninstall();
    expect(descriptors()).to.deep.equal(before);
  });

  it('lets fetch() take light requests, and answers of it be instances of Response', async () => {
    const url = await echoServer();
    for (const request of [new Request(url, { method: 'POST', body: 'a', headers: { 'x-a': '1' } }), url]) {
      const response = await fetch(request);
      expect(response).to.be.instanceOf(Response);
      expect(await response.text()).to.equal(request === url ? 'GET undefined ' : 'POST 1 a');
    }
  });

  it('lets fetch() send on what a client sent', async () => {
    const request = sentRequest('body', { 'x-a': '1' });
    const response = await fetch(new Request(await echoServer(), request));
    expect(await response.text()).to.equal('POST 1 body');
    expect(request.bodyUsed).to.equal(true);
  });

  it('lets fetch() reject, not throw, for a request that was read', async () => {
    const request = sentRequest('x');
    await request.text();
    const promise = fetch(request);
    expect(promise).to.be.instanceOf(Promise);
    expect(await errorName(() => promise)).to.equal('TypeError');
  });

  it('lets a response of fetch() be wrapped: its body, status and headers', async () => {
    const response = await fetch(await echoServer());
    const wrapped = new Response(response.body, response);
    wrapped.headers.set('x-b', '2');
    expect([wrapped.status, wrapped.headers.get('x-echo'), await wrapped.text()]).to.deep.equal([
      200,
      'yes',
      'GET undefined ',
    ]);
  });

  it("keeps the platform's own classes at work", async () => {
    expect(await new platform.Response(new Response('x').body).text()).to.equal('x');
    expect(new Request(new platform.Request('http://localhost/a')).url).to.equal('http://localhost/a');
  });

  it('lets WebAssembly take a light response', async () => {
    const bytes = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    const response = new Response(bytes, { headers: { 'content-type': 'application/wasm' } });
    const wasm: object = Reflect.get(globalThis, 'WebAssembly');
    const made: unknown = await Reflect.apply(Reflect.get(wasm, 'compileStreaming'), wasm, [response]);
    expect(Object.prototype.toString.call(made)).to.equal('[object WebAssembly.Module]');
  });

  /** Answers with the method, the field x-a and the body. */
  async function echoServer(): Promise<string> {
    const server = createServer(async (request, response) => {
      const pieces: Buffer[] = [];
      for await (const piece of request) pieces.push(piece);
      response.setHeader('x-echo', 'yes').end(`${request.method} ${request.headers['x-a']} ${Buffer.concat(pieces)}`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    if (!isAddressInfo(address)) throw new TypeError('no port');
    return `http://127.0.0.1:${address.port}/`;
  }
});

function isAddressInfo(address: unknown): address is AddressInfo {
  return typeof address === 'object' && address !== null && 'port' in address;
}
