import { expect } from 'chai';
import { type Answer, answerOf, fieldLines } from '../../../../src/app/interfaces/fetch/answer.ts';
import { bytesOf, describeFetchClasses, errorName, formOf, light, platform, streamOf } from './classes.ts';

function answered(response: unknown): Answer {
  const answer = answerOf(response);
  if (answer === null) throw new TypeError('no answer');
  return answer;
}

/** The body as it would go out. */
async function sent({ body }: Answer): Promise<string | null> {
  return body === null ? null : await new platform.Response(body).text();
}

describeFetchClasses('answerOf', ({ Response }) => {
  it('has status, text, fields and body', async () => {
    const answer = answered(new Response('Hellö', { status: 201, statusText: 'Made', headers: { 'X-A': '1' } }));
    expect([answer.status, answer.statusText, await sent(answer)]).to.deep.equal([201, 'Made', 'Hellö']);
    expect(Object.fromEntries(pairs(answer))).to.deep.equal({ 'x-a': '1', 'content-type': 'text/plain;charset=UTF-8' });
  });

  it('has no body for one without', () => {
    expect(answered(new Response(null, { status: 204 }))).to.deep.equal({
      status: 204,
      statusText: '',
      fields: [],
      body: null,
    });
  });

  const bodies: readonly [string, () => unknown, string][] = [
    ['a string', () => 'ab', 'ab'],
    ['an empty string', () => '', ''],
    ['bytes', () => bytesOf('ab'), 'ab'],
    ['a Blob', () => new Blob(['ab']), 'ab'],
    ['a stream', () => streamOf('a', 'b'), 'ab'],
    ['parameters', () => new URLSearchParams({ a: 'b' }), 'a=b'],
  ];
  for (const [name, make, text] of bodies) {
    it(`sends a body that is ${name}`, async () => {
      expect(await sent(answered(Reflect.construct(Response, [make()])))).to.equal(text);
    });

    it(`sends a body that is ${name}, of a clone and of what was cloned`, async () => {
      const response: Response = Reflect.construct(Response, [make()]);
      const clone = response.clone();
      expect([await sent(answered(response)), await sent(answered(clone))]).to.deep.equal([text, text]);
    });

    it(`sends a body that is ${name} after its stream was looked at`, async () => {
      const response: Response = Reflect.construct(Response, [make()]);
      expect(response.body?.locked).to.equal(false);
      expect(await sent(answered(response))).to.equal(text);
    });

    it(`throws for a body that is ${name}, and was read or has a reader`, async () => {
      const [read, locked]: Response[] = [1, 2].map(() => Reflect.construct(Response, [make()]));
      await read?.text();
      locked?.body?.getReader();
      expect(await errorName(() => answerOf(read))).to.equal('TypeError');
      expect(await errorName(() => answerOf(locked))).to.equal('TypeError');
    });

    it(`sends a body that is ${name} once only`, async () => {
      const response: Response = Reflect.construct(Response, [make()]);
      await sent(answered(response));
      expect(response.bodyUsed).to.equal(true);
      expect(await errorName(() => answerOf(response))).to.equal('TypeError');
      expect(await errorName(() => response.text())).to.equal('TypeError');
    });
  }

  it('sends a form with its boundary', async () => {
    const answer = answered(new Response(formOf({ a: 'b' })));
    const type = Object.fromEntries(pairs(answer))['content-type'] ?? '';
    expect(await sent(answer)).to.include(type.slice(type.indexOf('=') + 1));
  });

  it('sends the same response again and again if it has no body', () => {
    const response = new Response(null, { status: 304 });
    expect([answered(response).status, answered(response).status]).to.deep.equal([304, 304]);
  });

  it('has what was changed in the headers', () => {
    const response = new Response('x', { headers: { a: '1', b: '2' } });
    response.headers.set('a', '3');
    response.headers.append('c', '4');
    response.headers.delete('b');
    response.headers.delete('content-type');
    expect(pairs(answered(response))).to.deep.equal([
      ['a', '3'],
      ['c', '4'],
    ]);
  });

  const written: readonly [Record<string, string>, [string, string][]][] = [
    [{ 'X-A': '1', 'x-a': '2' }, [['x-a', '1, 2']]],
    [
      { B: ' b c\t', c: '' },
      [
        ['b', 'b c'],
        ['c', ''],
      ],
    ],
    [{ B: '\nb' }, [['b', 'b']]],
  ];
  for (const [headers, fields] of written) {
    it(`has ${JSON.stringify(headers)} as the platform writes it`, () => {
      expect(pairs(answered(new Response(null, { headers })))).to.deep.equal(fields);
    });
  }

  it('keeps several Set-Cookie apart, from an init and from append()', () => {
    const response = new Response(null, {
      headers: [
        ['Set-Cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ],
    });
    const cookies = [
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ];
    expect(pairs(answered(response.clone()))).to.deep.equal(cookies);
    response.headers.append('set-cookie', 'c=3');
    expect(pairs(answered(response))).to.deep.equal([...cookies, ['set-cookie', 'c=3']]);
  });

  it('sends what json() and redirect() make', async () => {
    const [json, redirect] = [answered(Response.json({ a: 1 })), answered(Response.redirect('http://localhost/', 303))];
    expect([pairs(json), await sent(json)]).to.deep.equal([[['content-type', 'application/json']], '{"a":1}']);
    expect([redirect.status, pairs(redirect), redirect.body]).to.deep.equal([
      303,
      [['location', 'http://localhost/']],
      null,
    ]);
  });

  it('throws for Response.error()', async () => {
    expect(await errorName(() => answerOf(Response.error()))).to.equal('TypeError');
  });

  it('takes an instance of a subclass', () => {
    class Teapot extends Response {
      constructor() {
        super('short and stout', { status: 418 });
      }
    }
    expect(answered(new Teapot()).status).to.equal(418);
  });
});

describe('answerOf', () => {
  for (const value of [undefined, null, 'x', 5, {}, [], () => 1, new Map(), { status: 200, headers: {}, body: null }]) {
    it(`is null for ${String(value)} (${typeof value}), which is no response`, () => {
      expect(answerOf(value)).to.equal(null);
    });
  }

  it('is null for a request', () => {
    expect([
      answerOf(new platform.Request('http://localhost/')),
      answerOf(new light.Request('http://localhost/')),
    ]).to.deep.equal([null, null]);
  });

  it('hands on strings, bytes, Blobs and streams of light responses as they are', () => {
    for (const body of ['x', bytesOf('x'), Buffer.from('x'), new Blob(['x']), streamOf('x')]) {
      expect(answered(new light.Response(body)).body).to.equal(body);
    }
  });

  it('shares one list among answers of the same usual fields', () => {
    expect(answered(new light.Response('a')).fields).to.equal(answered(new light.Response('b')).fields);
    expect(answered(light.Response.json(1)).fields).to.equal(answered(light.Response.json(2)).fields);
  });

  it('is not deceived by headers that one of those was asked for', () => {
    const response = new light.Response('a');
    response.headers.set('content-type', 'text/html');
    response.headers.set('x-a', 'b');
    expect(pairs(answered(new light.Response('b')))).to.deep.equal([['content-type', 'text/plain;charset=UTF-8']]);
  });

  it('takes a response of another copy of the platform', async () => {
    const answer = answered(new ForeignResponse({ body: streamOf('a', 'b'), fields: [['X-A', '1']] }));
    expect([answer.status, answer.statusText, pairs(answer), await sent(answer)]).to.deep.equal([
      202,
      'Taken',
      [['x-a', '1']],
      'ab',
    ]);
  });

  it('takes a light response out of the wrapping of srvx, without looking at its stream', () => {
    class Wrapper extends ForeignResponse {
      readonly _response = new light.Response('x', { status: 201 });
    }
    const answer = answered(new Wrapper({ body: null, fields: [] }));
    expect([answer.status, answer.body]).to.deep.equal([201, 'x']);
  });

  it('takes its body if that is an iterable', async () => {
    async function* pieces(): AsyncGenerator<Uint8Array> {
      yield bytesOf('a');
      yield bytesOf('b');
    }
    expect(await sent(answered(new ForeignResponse({ body: pieces(), fields: [] })))).to.equal('ab');
  });

  it('checks what nobody has checked yet', async () => {
    const smuggled = [['x-a', 'b\r\nx-c: d']];
    expect(await errorName(() => answerOf(new ForeignResponse({ body: null, fields: smuggled })))).to.equal(
      'TypeError',
    );
    const body = streamOf('a');
    body.getReader();
    expect(await errorName(() => answerOf(new ForeignResponse({ body, fields: [] })))).to.equal('TypeError');
  });
});

describe('fieldLines', () => {
  it('writes a line for each field', () => {
    expect(fieldLines(['a', '1', 'set-cookie', 'b=c', 'set-cookie', ''])).to.equal(
      'a: 1\r\nset-cookie: b=c\r\nset-cookie: \r\n',
    );
    expect(fieldLines([])).to.equal('');
  });

  it('writes those of usual answers', () => {
    expect(fieldLines(answered(new light.Response('a')).fields)).to.equal('content-type: text/plain;charset=UTF-8\r\n');
    expect(fieldLines(answered(light.Response.json(1)).fields)).to.equal('content-type: application/json\r\n');
    expect(fieldLines(answered(new light.Response()).fields)).to.equal('');
  });
});

class ForeignResponse {
  readonly status = 202;
  readonly statusText = 'Taken';
  readonly [Symbol.toStringTag] = 'Response';
  readonly headers: Iterable<unknown>;
  readonly body: unknown;

  constructor({ body, fields }: { body: unknown; fields: Iterable<unknown> }) {
    this.body = body;
    this.headers = fields;
  }
}

function pairs({ fields }: Answer): [string, string][] {
  const found: [string, string][] = [];
  for (let at = 0; at < fields.length; at += 2) found.push([fields[at] ?? '', fields[at + 1] ?? '']);
  return found;
}
