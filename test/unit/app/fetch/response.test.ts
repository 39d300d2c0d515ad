import { expect } from 'chai';
import { describeFetchClasses, errorName, light, platform } from './classes.ts';

describeFetchClasses('new Response', ({ Response }) => {
  it('is 200 without text, type default, of no url, and not redirected', () => {
    const { status, statusText, ok, type, url, redirected, body, bodyUsed } = new Response();
    expect({ status, statusText, ok, type, url, redirected, body, bodyUsed }).to.deep.equal({
      status: 200,
      statusText: '',
      ok: true,
      type: 'default',
      url: '',
      redirected: false,
      body: null,
      bodyUsed: false,
    });
  });

  it('takes status and status text', () => {
    const response = new Response('x', { status: 404, statusText: 'No Such Thing' });
    expect([response.status, response.statusText, response.ok]).to.deep.equal([404, 'No Such Thing', false]);
  });

  for (const [status, ok] of [
    [200, true],
    [201, true],
    [299, true],
    [300, false],
    [599, false],
  ] as const) {
    it(`takes ${status}, which is ${ok ? '' : 'not '}ok`, () => {
      expect(new Response(null, { status }).ok).to.equal(ok);
    });
  }

  for (const status of [0, 99, 100, 101, 199, 600, 1000, -1, Number.NaN]) {
    it(`refuses status ${status} with a RangeError`, async () => {
      expect(await errorName(() => new Response(null, { status }))).to.equal('RangeError');
    });
  }

  it('converts a status as the platform converts numbers', () => {
    expect(new Response(null, { status: 200.9 }).status).to.equal(200);
    expect(Reflect.construct(Response, [null, { status: '201' }]).status).to.equal(201);
    expect(new Response(null, { status: 65_536 + 204 }).status).to.equal(204);
  });

  for (const status of [204, 205, 304]) {
    it(`takes ${status} only without a body`, async () => {
      expect(new Response(null, { status }).status).to.equal(status);
      expect(await errorName(() => new Response('', { status }))).to.equal('TypeError');
      expect(await errorName(() => new Response(new Uint8Array(1), { status }))).to.equal('TypeError');
    });
  }

  it('refuses a status text with a line break or beyond latin1', async () => {
    expect(await errorName(() => new Response('', { statusText: 'a\r\nb: c' }))).to.equal('TypeError');
    expect(await errorName(() => new Response('', { statusText: 'a\u0000' }))).to.equal('TypeError');
    expect(await errorName(() => new Response('', { statusText: '→' }))).to.equal('TypeError');
  });

  it('takes a status text of blanks, tabs and latin1', () => {
    expect(new Response('', { statusText: ' a\tü ' }).statusText).to.equal(' a\tü ');
  });

  it('takes null and undefined for what is not given', () => {
    expect(Reflect.construct(Response, [null, null]).status).to.equal(200);
    expect(
      Reflect.construct(Response, ['x', { status: undefined, statusText: undefined, headers: undefined }]).status,
    ).to.equal(200);
  });

  it('refuses an init that is no object', async () => {
    for (const init of [5, 'x', true]) {
      expect(await errorName(() => Reflect.construct(Response, [null, init]))).to.equal('TypeError');
    }
  });

  it('takes another response for an init', () => {
    const first = new Response('a', { status: 201, statusText: 'Made', headers: { 'x-a': '1' } });
    const { status, statusText, headers } = new Response('b', first);
    expect([status, statusText, headers.get('x-a')]).to.deep.equal([201, 'Made', '1']);
  });

  it('refuses a Symbol for a body', async () => {
    expect(await errorName(() => Reflect.construct(Response, [Symbol('x')]))).to.equal('TypeError');
  });

  it('cannot be called', async () => {
    expect(await errorName(() => Reflect.apply(Response, undefined, []))).to.equal('TypeError');
  });

  it('does not let its properties be set', async () => {
    const response = new Response('x');
    expect(Reflect.set(response, 'status', 500)).to.equal(false);
    expect(response.status).to.equal(200);
  });
});

describeFetchClasses('Response headers', ({ Response }) => {
  const inits: readonly [string, unknown][] = [
    ['a record', { 'X-A': '1', 'x-b': '2' }],
    [
      'pairs',
      [
        ['X-A', '1'],
        ['x-b', '2'],
      ],
    ],
    ['Headers', new Headers({ 'X-A': '1', 'x-b': '2' })],
    ['a record without a prototype', Object.assign(Object.create(null), { 'X-A': '1', 'x-b': '2' })],
    [
      'a Map',
      new Map([
        ['X-A', '1'],
        ['x-b', '2'],
      ]),
    ],
    ['an iterable', new URLSearchParams({ 'X-A': '1', 'x-b': '2' })],
    ['values with blanks around', { 'X-A': ' 1\t', 'x-b': '\n2 ' }],
  ];
  for (const [name, headers] of inits) {
    it(`come from ${name}`, () => {
      const response: Response = Reflect.construct(Response, [null, { headers }]);
      expect([...response.headers]).to.deep.equal([
        ['x-a', '1'],
        ['x-b', '2'],
      ]);
    });
  }

  it('join what has one name in other cases', () => {
    expect(new Response(null, { headers: { 'X-A': '1', 'x-a': '2' } }).headers.get('x-a')).to.equal('1, 2');
    expect(
      new Response(null, {
        headers: [
          ['vary', 'a'],
          ['Vary', 'b'],
        ],
      }).headers.get('vary'),
    ).to.equal('a, b');
  });

  it('keep several Set-Cookie apart', () => {
    const { headers } = new Response(null, {
      headers: [
        ['set-cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
      ],
    });
    expect(headers.getSetCookie()).to.deep.equal(['a=1', 'b=2']);
  });

  it('are what the record was when the response was made', () => {
    const record = { 'x-a': '1' };
    const headers = new Headers(record);
    const responses = [new Response(null, { headers: record }), new Response(null, { headers })];
    record['x-a'] = '2';
    headers.set('x-a', '2');
    expect(responses.map((response) => response.headers.get('x-a'))).to.deep.equal(['1', '1']);
  });

  it('convert values to strings', () => {
    const { headers } = Reflect.construct(Response, [null, { headers: { n: 5, u: undefined, b: true } }]);
    expect([headers.get('n'), headers.get('u'), headers.get('b')]).to.deep.equal(['5', 'undefined', 'true']);
  });

  it('take latin1 and an empty value', () => {
    const { headers } = new Response(null, { headers: { 'x-a': 'ä ÿ', 'x-b': '' } });
    expect([headers.get('x-a'), headers.get('x-b')]).to.deep.equal(['ä ÿ', '']);
  });

  const bad: readonly [string, unknown][] = [
    ['an empty name', { '': 'x' }],
    ['a name with a blank', { 'a b': 'x' }],
    ['a name with a colon', [['a:', 'x']]],
    ['a name beyond ASCII', { ä: 'x' }],
    ['a line break in a value', { a: 'x\r\nb: c' }],
    ['a NUL in a value', { a: 'x\0y' }],
    ['a value beyond latin1', { a: '→' }],
    ['a pair of three', [['a', 'b', 'c']]],
    ['a pair of one', [['a']]],
    ['null', null],
    ['a number', 5],
    ['a string', 'a: b'],
  ];
  for (const [name, headers] of bad) {
    it(`refuse ${name} with a TypeError, when the response is made`, async () => {
      expect(await errorName(() => Reflect.construct(Response, [null, { headers }]))).to.equal('TypeError');
    });
  }

  it('are one object, and can be changed', () => {
    const response = new Response('x');
    response.headers.set('x-a', '1');
    response.headers.delete('content-type');
    expect(response.headers).to.equal(response.headers);
    expect([...response.headers]).to.deep.equal([['x-a', '1']]);
    expect(response.headers).to.be.instanceOf(Headers);
  });
});

describeFetchClasses('Response statics', ({ Response }) => {
  it('json() writes JSON and says so', async () => {
    const response = Response.json({ a: [1, null] });
    expect(response.headers.get('content-type')).to.equal('application/json');
    expect(await response.text()).to.equal('{"a":[1,null]}');
  });

  it('json() takes an init, whose content type wins', async () => {
    const response = Response.json(1, {
      status: 422,
      statusText: 'No',
      headers: { 'Content-Type': 'application/problem+json' },
    });
    expect([response.status, response.statusText]).to.deep.equal([422, 'No']);
    expect(response.headers.get('content-type')).to.equal('application/problem+json');
    expect(Response.json(1, { headers: { a: 'b' } }).headers.get('content-type')).to.equal('application/json');
  });

  it('json() refuses what JSON cannot say, and statuses without a body', async () => {
    expect(await errorName(() => Response.json(undefined))).to.equal('TypeError');
    expect(await errorName(() => Response.json(() => 1))).to.equal('TypeError');
    expect(await errorName(() => Response.json(1n))).to.equal('TypeError');
    expect(await errorName(() => Response.json(1, { status: 204 }))).to.equal('TypeError');
    expect(await errorName(() => Response.json(1, { status: 99 }))).to.equal('RangeError');
    expect(await errorName(() => Reflect.apply(Response.json, Response, []))).to.equal('TypeError');
  });

  it('error() is of status 0 and type error, and its headers cannot be changed', async () => {
    const response = Response.error();
    const { status, statusText, ok, type, body } = response;
    expect([status, statusText, ok, type, body]).to.deep.equal([0, '', false, 'error', null]);
    expect(await errorName(() => response.headers.set('a', 'b'))).to.equal('TypeError');
    expect(response.clone().type).to.equal('error');
  });

  for (const status of [301, 302, 303, 307, 308] as const) {
    it(`redirect() takes ${status}`, () => {
      const response = Response.redirect('http://localhost/ü', status);
      expect([response.status, response.headers.get('location')]).to.deep.equal([status, 'http://localhost/%C3%BC']);
      expect([response.type, response.redirected, response.body]).to.deep.equal(['default', false, null]);
    });
  }

  it('redirect() is 302 unless told', () => {
    expect(Reflect.apply(Response.redirect, Response, ['http://localhost/']).status).to.equal(302);
    expect(Response.redirect(new URL('http://localhost/a'), 302).headers.get('location')).to.equal(
      'http://localhost/a',
    );
  });

  it('redirect() has headers that cannot be changed, nor those of a clone', async () => {
    const response = Response.redirect('http://localhost/', 302);
    expect(await errorName(() => response.headers.set('a', 'b'))).to.equal('TypeError');
    expect(await errorName(() => response.clone().headers.set('a', 'b'))).to.equal('TypeError');
  });

  it('redirect() refuses other statuses and what is no absolute URL', async () => {
    const redirect = (...given: unknown[]) => errorName(() => Reflect.apply(Response.redirect, Response, given));
    expect(await redirect('http://localhost/', 200)).to.equal('RangeError');
    expect(await redirect('http://localhost/', 304)).to.equal('RangeError');
    expect(await redirect('/a')).to.equal('TypeError');
    expect(await redirect()).to.equal('TypeError');
    expect(Reflect.apply(Response.redirect, Response, ['http://localhost/', '307']).status).to.equal(307);
  });
});

describe('new Response', () => {
  const bodies: readonly unknown[] = [undefined, null, '', 'ä\ud800', 0, true, 12n, {}, [], new Date(0), () => 1];
  const inits: readonly unknown[] = [
    undefined,
    { status: 200, headers: { 'Content-Type': 'text/html' } },
    {
      status: 299.5,
      statusText: 'x',
      headers: [
        ['b', '1'],
        ['a', '2'],
        ['B', '3'],
      ],
    },
    { headers: { a: ['x', 'y'], '': 'z' } },
    { status: '404', headers: new Map([['a', 'b']]) },
    { status: 204 },
    { status: {}, statusText: null },
    { statusText: 5, headers: new URLSearchParams('a=b') },
    { headers: new Proxy({ a: 'b' }, {}) },
    { headers: new Proxy(new Headers(), {}) },
    [],
    () => 1,
  ];

  async function outcome(made: typeof Response, body: unknown, init: unknown): Promise<unknown> {
    try {
      const response: Response = Reflect.construct(made, init === undefined ? [body] : [body, init]);
      const { status, statusText, headers } = response;
      return { status, statusText, headers: [...headers], text: await response.text(), used: response.bodyUsed };
    } catch (error) {
      return error instanceof Error ? error.name : error;
    }
  }

  for (const [index, init] of inits.entries()) {
    it(`does with odd bodies and init number ${index} what the platform does`, async () => {
      for (const body of bodies) {
        const [ours, theirs] = [
          await outcome(light.Response, body, init),
          await outcome(platform.Response, body, init),
        ];
        expect(ours, String(body)).to.deep.equal(theirs);
      }
    });
  }
});
