import { expect } from 'chai';
import { requestFrom, toNative } from '../../../../src/app/interfaces/fetch/light-request.ts';
import type { BodySource } from '../../../../src/app/interfaces/fetch/request-source.ts';
import { bytesOf, errorName, light, platform } from './classes.ts';
import { bodyOf, clientOf, sentRequest } from './client-request.ts';

describe('requestFrom', () => {
  it('looks at nothing before it is asked', () => {
    const asked: (string | symbol)[] = [];
    const source = new Proxy(clientOf().source, {
      get: (target, key) => {
        asked.push(key);
        return Reflect.get(target, key);
      },
    });
    const request = requestFrom(source);
    expect(asked).to.deep.equal([]);
    expect([request.method, request.url]).to.deep.equal(['GET', 'http://localhost:8000/']);
    expect([request.url, request.url]).to.deep.equal(['http://localhost:8000/', 'http://localhost:8000/']);
    expect(asked).to.deep.equal(['method', 'origin', 'target']);
  });

  it('makes an instance of both classes', () => {
    const request = requestFrom(clientOf().source);
    expect(request).to.be.instanceOf(light.Request);
    expect(request).to.be.instanceOf(platform.Request);
    expect(request.constructor).to.equal(light.Request);
  });

  it('leaves the constructor to the application afterwards', async () => {
    requestFrom(clientOf().source);
    expect(await errorName(() => Reflect.construct(light.Request, []))).to.equal('TypeError');
    expect(await errorName(() => Reflect.construct(light.Request, [clientOf().source]))).to.equal('TypeError');
  });

  it('normalises the url as the platform does', () => {
    expect(requestFrom(clientOf({ origin: 'http://LOCALHOST:80', target: '/a/../b c' }).source).url).to.equal(
      'http://localhost/b%20c',
    );
  });

  it('has the headers, those of one name joined in their order', () => {
    const fields = ['Host', 'a', 'Accept', 'x', 'accept', 'y', 'X-Latin', 'ä', 'Cookie', 'a=b'];
    const { headers } = requestFrom(clientOf({ fields }).source);
    expect([headers.get('HOST'), headers.get('accept'), headers.get('x-latin')]).to.deep.equal(['a', 'x, y', 'ä']);
    expect([...headers.keys()]).to.deep.equal(['accept', 'cookie', 'host', 'x-latin']);
  });

  it('has headers that can be changed', () => {
    const request = requestFrom(clientOf().source);
    request.headers.set('host', 'b');
    expect(request.headers.get('host')).to.equal('b');
  });

  for (const method of ['GET', 'HEAD']) {
    it(`has no body for ${method}, as on the platform, whatever the client sent`, async () => {
      const request = requestFrom(clientOf({ method, body: bodyOf(bytesOf('x')) }).source);
      expect([request.body, await request.text(), request.bodyUsed]).to.deep.equal([null, '', false]);
    });
  }

  it('has no body if the client sent none', async () => {
    const request = requestFrom(clientOf({ method: 'POST' }).source);
    expect([request.body, await request.text(), request.bodyUsed]).to.deep.equal([null, '', false]);
  });
});

describe('the body of a client', () => {
  const post = (body: BodySource) => requestFrom(clientOf({ method: 'POST', body }).source);

  it('is handed on without a copy if it has a buffer of its own', async () => {
    const bytes = bytesOf('abc');
    expect(await post(bodyOf(bytes)).arrayBuffer()).to.equal(bytes.buffer);
  });

  it("is copied out of a larger buffer, which holds what is not the application's", async () => {
    const buffer = await post(bodyOf(bytesOf('secret abc').subarray(7))).arrayBuffer();
    expect(Buffer.from(buffer).toString()).to.equal('abc');
    expect(buffer.byteLength).to.equal(3);
  });

  it('is never a Buffer', async () => {
    const bytes = await post(bodyOf(Buffer.from(bytesOf('abc').buffer))).bytes();
    expect(bytes.constructor).to.equal(Uint8Array);
  });

  it('is pulled only as fast as it is read', async () => {
    let pulled = 0;
    const stream = () =>
      new ReadableStream<Uint8Array>(
        {
          pull: (controller) => {
            pulled += 1;
            controller.enqueue(bytesOf('x'));
          },
        },
        { highWaterMark: 0 },
      );
    const request = post({ bytes: async () => bytesOf(''), stream });
    expect(pulled).to.equal(0);
    const reader = request.body?.getReader();
    await reader?.read();
    await reader?.read();
    expect(pulled).to.equal(2);
    await reader?.cancel();
  });

  it('is cancelled in the engine when the application cancels it', async () => {
    const reasons: unknown[] = [];
    const stream = () => new ReadableStream<Uint8Array>({ cancel: (reason) => void reasons.push(reason) });
    const request = post({ bytes: async () => bytesOf(''), stream });
    await request.body?.cancel('enough');
    expect([reasons, request.bodyUsed]).to.deep.equal([['enough'], true]);
  });

  const broken: BodySource = {
    bytes: async () => {
      throw new RangeError('truncated');
    },
    stream: () =>
      new ReadableStream({
        start: (controller) => controller.enqueue(bytesOf('ab')),
        pull: (controller) => controller.error(new RangeError('truncated')),
      }),
  };
  for (const method of ['text', 'json', 'arrayBuffer', 'bytes', 'blob', 'formData'] as const) {
    it(`makes ${method}() reject when it is truncated`, async () => {
      const request = post(broken);
      expect(await errorName(() => request[method]())).to.equal('RangeError');
      expect(request.bodyUsed).to.equal(true);
    });
  }

  it('makes its stream fail when it is truncated, after what came', async () => {
    const reader = post(broken).body?.getReader();
    expect((await reader?.read())?.value).to.deep.equal(bytesOf('ab'));
    expect(await errorName(() => reader?.read())).to.equal('RangeError');
  });

  it('is asked for once by text(), and never as a stream', async () => {
    const asked: string[] = [];
    const body: BodySource = {
      bytes: async () => {
        asked.push('bytes');
        return bytesOf('{"a":1}');
      },
      stream: () => {
        asked.push('stream');
        return new ReadableStream();
      },
    };
    expect(await post(body).json()).to.deep.equal({ a: 1 });
    expect(asked).to.deep.equal(['bytes']);
  });
});

describe('the signal of a request', () => {
  it('is aborted when the client is gone, with an AbortError', () => {
    const { source, leave } = clientOf();
    const { signal } = requestFrom(source);
    let heard = 0;
    signal.addEventListener('abort', () => {
      heard += 1;
    });
    expect(signal.aborted).to.equal(false);
    leave();
    expect([signal.aborted, heard, signal.reason.name]).to.deep.equal([true, 1, 'AbortError']);
  });

  it('is aborted if it is asked for afterwards', () => {
    const { source } = clientOf({ onAbort: (listener) => listener() });
    expect(requestFrom(source).signal.aborted).to.equal(true);
  });

  it('is one object, and another for a clone, aborted too', () => {
    const { source, leave } = clientOf();
    const request = requestFrom(source);
    const clone = request.clone();
    const { signal } = request;
    expect([request.signal === signal, clone.signal === signal]).to.deep.equal([true, false]);
    leave();
    expect([signal.aborted, clone.signal.aborted]).to.deep.equal([true, true]);
  });

  it('reaches a request that is made of it', () => {
    const { source, leave } = clientOf();
    const made = new light.Request(requestFrom(source));
    leave();
    expect(made.signal.aborted).to.equal(true);
  });

  it('costs the engine nothing while nobody asks for it', () => {
    let asked = 0;
    const onAbort = () => {
      asked += 1;
    };
    const request = requestFrom(clientOf({ onAbort }).source);
    expect([request.url, request.headers.get('host'), asked]).to.deep.equal([
      'http://localhost:8000/',
      'localhost:8000',
      0,
    ]);
  });
});

describe('toNative', () => {
  it('makes a request of the platform, body and changed headers included', async () => {
    const request = sentRequest('x', { a: '1' });
    request.headers.set('a', '2');
    const native = toNative(request);
    expect(native).to.not.equal(request);
    expect([native.method, native.url, native.headers.get('a')]).to.deep.equal(['POST', request.url, '2']);
    expect([await native.text(), request.bodyUsed]).to.deep.equal(['x', true]);
  });

  it('gives what is behind a request that the application made', () => {
    const request = new light.Request('http://localhost/');
    expect(Object.getPrototypeOf(toNative(request))).to.equal(platform.Request.prototype);
    expect(toNative(request)).to.equal(toNative(request));
  });

  it('throws for a body that was read', async () => {
    const request = sentRequest('x');
    await request.text();
    expect(await errorName(() => toNative(request))).to.equal('TypeError');
  });

  it('returns everything else as it is', () => {
    for (const value of [
      null,
      undefined,
      'http://localhost/',
      new URL('http://localhost/'),
      {},
      new platform.Request('http://localhost/'),
    ]) {
      expect(toNative(value)).to.equal(value);
    }
  });
});
