import { expect } from 'chai';
import { describeFetchClasses, errorName, light, platform, streamOf } from './classes.ts';
import { sentRequest } from './client-request.ts';

describeFetchClasses('new Request', ({ Request }) => {
  it('is a GET without a body', () => {
    const request = new Request('http://localhost/a?b');
    const { method, url, body, bodyUsed } = request;
    expect([method, url, body, bodyUsed, [...request.headers]]).to.deep.equal([
      'GET',
      'http://localhost/a?b',
      null,
      false,
      [],
    ]);
  });

  it('has the defaults of the platform', () => {
    const { cache, credentials, destination, duplex, integrity, keepalive, mode, redirect, referrer, referrerPolicy } =
      new Request('http://localhost/');
    expect([cache, credentials, destination, duplex, integrity]).to.deep.equal([
      'default',
      'same-origin',
      '',
      'half',
      '',
    ]);
    expect([keepalive, mode, redirect, referrer, referrerPolicy]).to.deep.equal([
      false,
      'cors',
      'follow',
      'about:client',
      '',
    ]);
  });

  for (const [given, url] of [
    ['http://LOCALHOST:80/a/../b c', 'http://localhost/b%20c'],
    ['https://localhost:443', 'https://localhost/'],
    ['http://localhost/ü?ü#x', 'http://localhost/%C3%BC?%C3%BC#x'],
  ] as const) {
    it(`normalises the url ${given}`, () => {
      expect(new Request(given).url).to.equal(url);
      expect(new Request(new URL(given)).url).to.equal(url);
    });
  }

  for (const given of ['/a', '', 'http://', 'http://a:b@localhost/']) {
    it(`refuses the url "${given}" with a TypeError`, async () => {
      expect(await errorName(() => new Request(given))).to.equal('TypeError');
    });
  }

  it('refuses to be made of nothing', async () => {
    expect(await errorName(() => Reflect.construct(Request, []))).to.equal('TypeError');
    expect(await errorName(() => Reflect.apply(Request, undefined, ['http://localhost/']))).to.equal('TypeError');
  });

  it('writes usual methods in upper case, and leaves others', () => {
    const methods = ['get', 'Post', 'PUT', 'delete', 'head', 'options', 'chicken'];
    const found = methods.map((method) => new Request('http://localhost/', { method }).method);
    expect(found).to.deep.equal(['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'chicken']);
  });

  for (const method of ['CONNECT', 'TRACE', 'TRACK', 'a b', '']) {
    it(`refuses the method "${method}"`, async () => {
      expect(await errorName(() => new Request('http://localhost/', { method }))).to.equal('TypeError');
    });
  }

  it('refuses a body for GET and HEAD', async () => {
    for (const method of ['GET', 'HEAD']) {
      expect(await errorName(() => new Request('http://localhost/', { method, body: 'x' }))).to.equal('TypeError');
    }
  });

  it('needs duplex for a stream', async () => {
    const init = { method: 'POST', body: streamOf('x') };
    expect(await errorName(() => new Request('http://localhost/', init))).to.equal('TypeError');
    expect(await new Request('http://localhost/', { ...init, duplex: 'half' }).text()).to.equal('x');
  });

  it('refuses modes, headers and signals that are wrong', async () => {
    for (const init of [
      { mode: 'navigate' },
      { mode: 'x' },
      { headers: { 'a b': 'c' } },
      { signal: 5 },
      { redirect: 'x' },
    ]) {
      expect(await errorName(() => Reflect.construct(Request, ['http://localhost/', init]))).to.equal('TypeError');
    }
  });

  it('follows a signal', () => {
    const controller = new AbortController();
    const request = new Request('http://localhost/', { signal: controller.signal });
    const clone = request.clone();
    controller.abort(new RangeError('stop'));
    expect([request.signal.aborted, clone.signal.aborted]).to.deep.equal([true, true]);
    expect(request.signal.reason).to.be.instanceOf(RangeError);
  });

  it('has headers that can be changed', () => {
    const request = new Request('http://localhost/', { headers: { a: '1' } });
    const { headers } = request;
    headers.set('a', '2');
    expect([request.headers.get('a'), request.headers === headers]).to.deep.equal(['2', true]);
  });
});

describeFetchClasses('new Request of a request', ({ name, Request }) => {
  const makers: [string, (body: string) => Request][] = [
    ['of its own kind', (body) => new Request('http://localhost/', { method: 'POST', body, headers: { a: '1' } })],
    [
      'of the platform',
      (body) => new platform.Request('http://localhost/', { method: 'POST', body, headers: { a: '1' } }),
    ],
  ];
  if (name === 'light') makers.push(['of a client', (body) => sentRequest(body, { a: '1' })]);

  for (const [kind, make] of makers) {
    it(`${kind} takes everything over, the body too`, async () => {
      const first = make('x');
      const second = new Request(first);
      expect([second.method, second.url, second.headers.get('a')]).to.deep.equal(['POST', first.url, '1']);
      expect([await second.text(), first.bodyUsed]).to.deep.equal(['x', true]);
    });

    it(`${kind} takes what an init says before that`, async () => {
      const first = make('x');
      const second = new Request(first, { method: 'PUT', body: 'y', headers: { b: '2' } });
      expect([second.method, second.headers.get('a'), second.headers.get('b')]).to.deep.equal(['PUT', null, '2']);
      expect([await second.text(), first.bodyUsed, await first.text()]).to.deep.equal(['y', false, 'x']);
    });

    it(`${kind} takes its changed headers`, () => {
      const first = make('x');
      first.headers.set('a', '2');
      expect(new Request(first).headers.get('a')).to.equal('2');
    });

    it(`${kind} refuses one that was read`, async () => {
      const first = make('x');
      await first.text();
      expect(await errorName(() => new Request(first))).to.equal('TypeError');
    });

    it(`${kind} may be used or locked if the init brings a body`, async () => {
      const [read, locked] = [make('x'), make('x')];
      await read.text();
      locked.body?.getReader();
      for (const first of [read, locked]) {
        const second = new Request(first, { body: streamOf('y'), duplex: 'half' });
        expect([second.method, second.headers.get('a'), await second.text()]).to.deep.equal(['POST', '1', 'y']);
        expect(await errorName(() => new Request(first, { body: null }))).to.equal('TypeError');
      }
    });

    it(`${kind} can be the init, with another url`, async () => {
      const second = new Request('http://localhost/other', make('x'));
      expect([second.url, second.method, second.headers.get('a')]).to.deep.equal([
        'http://localhost/other',
        'POST',
        '1',
      ]);
      expect(await second.text()).to.equal('x');
    });

    it(`${kind} can be the init without being read`, () => {
      const first = make('x');
      expect(new Request('http://localhost/', { headers: first.headers, method: first.method }).method).to.equal(
        'POST',
      );
      expect(first.bodyUsed).to.equal(false);
    });
  }
});

describe('a light Request', () => {
  it('is taken by the constructor of the platform with everything but its body', () => {
    const request = new light.Request('http://localhost/a', { method: 'PUT', headers: { a: '1' } });
    const native = new platform.Request(request.url, request);
    expect([native.method, native.url, native.headers.get('a')]).to.deep.equal(['PUT', 'http://localhost/a', '1']);
  });
});
