import { expect } from 'chai';
import { bytesOf, call, describeFetchClasses, errorName, type FetchClasses, formOf, streamOf } from './classes.ts';
import { sentRequest } from './client-request.ts';

/** One case: a body, its content type (`null`: none), and its text (`null`: has a boundary that nobody knows). */
interface BodyCase {
  readonly name: string;
  make(): unknown;
  readonly type: string | RegExp | null;
  readonly text: string | null;
}

const cases: readonly BodyCase[] = [
  { name: 'a string', make: () => 'häh?', type: 'text/plain;charset=UTF-8', text: 'häh?' },
  { name: 'an empty string', make: () => '', type: 'text/plain;charset=UTF-8', text: '' },
  { name: 'a number', make: () => 12, type: 'text/plain;charset=UTF-8', text: '12' },
  { name: 'an object', make: () => ({}), type: 'text/plain;charset=UTF-8', text: '[object Object]' },
  { name: 'a Uint8Array', make: () => bytesOf('abc'), type: null, text: 'abc' },
  { name: 'a piece of a Uint8Array', make: () => bytesOf('xabcx').subarray(1, 4), type: null, text: 'abc' },
  { name: 'a Buffer', make: () => Buffer.from('abc'), type: null, text: 'abc' },
  { name: 'an ArrayBuffer', make: () => bytesOf('abc').buffer, type: null, text: 'abc' },
  { name: 'a DataView', make: () => new DataView(bytesOf('xabcx').buffer, 1, 3), type: null, text: 'abc' },
  { name: 'a Uint16Array', make: () => new Uint16Array(bytesOf('abcd').buffer), type: null, text: 'abcd' },
  { name: 'a Blob', make: () => new Blob(['a', 'bc']), type: null, text: 'abc' },
  { name: 'a Blob with a type', make: () => new Blob(['abc'], { type: 'image/png' }), type: 'image/png', text: 'abc' },
  {
    name: 'a URLSearchParams',
    make: () => new URLSearchParams({ a: 'b c' }),
    type: 'application/x-www-form-urlencoded;charset=UTF-8',
    text: 'a=b+c',
  },
  { name: 'a FormData', make: () => formOf({ a: 'b' }), type: /^multipart\/form-data; boundary=/, text: null },
  { name: 'a ReadableStream', make: () => streamOf('a', 'b', 'c'), type: null, text: 'abc' },
  { name: 'an empty ReadableStream', make: () => streamOf(), type: null, text: '' },
  { name: 'an async iterable', make: asyncPieces, type: null, text: 'abc' },
];

async function* asyncPieces(): AsyncGenerator<Uint8Array> {
  yield bytesOf('a');
  yield bytesOf('bc');
}

type Maker = (body: unknown, headers?: Readonly<Record<string, string>>) => Response | Request;

function makers({ name, Request, Response }: FetchClasses): readonly [string, Maker][] {
  const made: [string, Maker][] = [
    ['Response', (body, headers = {}) => Reflect.construct(Response, [body, { headers }])],
    [
      'Request',
      (body, headers = {}) =>
        Reflect.construct(Request, ['http://localhost/', { method: 'POST', body, headers, duplex: 'half' }]),
    ],
  ];
  return name === 'light' ? [...made, ['Request of a client', sentRequest]] : made;
}

describeFetchClasses('a body', (classes) => {
  for (const [kind, make] of makers(classes)) {
    for (const { name, make: body, type, text } of cases) {
      it(`of a ${kind} that is ${name} has its content type`, () => {
        const found = make(body()).headers.get('content-type');
        if (type instanceof RegExp) expect(found).to.match(type);
        else expect(found).to.equal(type);
      });

      it(`of a ${kind} that is ${name} leaves a given content type alone`, () => {
        expect(make(body(), { 'Content-Type': 'a/b' }).headers.get('content-type')).to.equal('a/b');
      });

      it(`of a ${kind} that is ${name} is read by every method and by the stream, once`, async () => {
        const texts = [
          await make(body()).text(),
          Buffer.from(await make(body()).arrayBuffer()).toString(),
          await (await make(body()).blob()).text(),
          await readStream(make(body())),
          await make(body()).clone().text(),
        ];
        if (text === null) expect(texts.filter((found) => !found.includes('name="a"\r\n\r\nb\r\n'))).to.deep.equal([]);
        else expect(texts).to.deep.equal(texts.map(() => text));
      });

      it(`of a ${kind} that is ${name} is used then`, async () => {
        const message = make(body());
        expect([message.bodyUsed, message.body === null]).to.deep.equal([false, false]);
        await message.text();
        expect([message.bodyUsed, message.body?.locked]).to.deep.equal([true, true]);
        for (const method of ['text', 'json', 'arrayBuffer', 'blob', 'formData']) {
          expect(await errorName(() => call(message, method)), method).to.equal('TypeError');
        }
        expect(await errorName(() => message.clone())).to.equal('TypeError');
      });
    }
  }
});

describeFetchClasses('reading a body', (classes) => {
  for (const [kind, make] of makers(classes)) {
    it(`of a ${kind} is used from the call on, not from the end`, () => {
      const message = make('x');
      void message.text();
      expect(message.bodyUsed).to.equal(true);
    });

    it(`of a ${kind} is not used by looking at its stream`, async () => {
      const message = make('x');
      expect(message.body).to.equal(message.body);
      expect([message.bodyUsed, await message.text()]).to.deep.equal([false, 'x']);
    });

    it(`of a ${kind} fails while its stream has a reader`, async () => {
      const message = make('x');
      const reader = message.body?.getReader();
      expect(message.bodyUsed).to.equal(false);
      expect(await errorName(() => message.text())).to.equal('TypeError');
      expect(await errorName(() => message.clone())).to.equal('TypeError');
      reader?.releaseLock();
      expect(await message.text()).to.equal('x');
    });

    it(`of a ${kind} is used once its stream was read or cancelled`, async () => {
      const [read, cancelled] = [make('x'), make('x')];
      await read.body?.getReader().read();
      await cancelled.body?.cancel();
      expect([read.bodyUsed, cancelled.bodyUsed]).to.deep.equal([true, true]);
    });

    it(`of a ${kind} with json() parses, or rejects with a SyntaxError`, async () => {
      expect(await make('{"a":[1]}').json()).to.deep.equal({ a: [1] });
      expect(await make(bytesOf('"ä"')).json()).to.equal('ä');
      expect(await make('\ufeff1').json()).to.equal(1);
      expect(await errorName(() => make('{').json())).to.equal('SyntaxError');
      expect(await errorName(() => make('').json())).to.equal('SyntaxError');
    });

    it(`of a ${kind} as text decodes UTF-8: no byte order mark, U+FFFD for what is wrong`, async () => {
      expect(await make('\ufeffä').text()).to.equal('ä');
      expect(await make('a\ud800b').text()).to.equal('a\ufffdb');
      expect(await make(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61, 0xff)).text()).to.equal('a\ufffd');
      expect(await make(streamOf('\ufeff', 'ä')).text()).to.equal('ä');
    });

    it(`of a ${kind} as bytes has a buffer of its own, and no more in it`, async () => {
      const given = bytesOf('xabcx');
      const buffer = await make(given.subarray(1, 4)).arrayBuffer();
      expect([Buffer.from(buffer).toString(), buffer.byteLength]).to.deep.equal(['abc', 3]);
      expect(buffer).to.not.equal(given.buffer);
      expect((await make('abc').arrayBuffer()).byteLength).to.equal(3);
      const whole = bytesOf('abc');
      expect(await make(whole).arrayBuffer()).to.not.equal(whole.buffer);
      expect(whole.byteLength).to.equal(3);
    });

    it(`of a ${kind} with bytes() gives a Uint8Array, where the platform has it`, async () => {
      if (!('bytes' in classes.Response.prototype)) return expect(make('abc')).not.to.have.property('bytes');
      for (const body of ['abc', bytesOf('abc'), Buffer.from('abc'), streamOf('abc'), new Blob(['abc'])]) {
        expect(await call(make(body), 'bytes')).to.deep.equal(bytesOf('abc'));
      }
    });

    it(`of a ${kind} as a Blob has the content type`, async () => {
      expect((await make('x').blob()).type).to.equal('text/plain;charset=utf-8');
      expect((await make('x', { 'content-type': 'Image/PNG' }).blob()).type).to.equal('image/png');
      expect((await make(bytesOf('x')).blob()).type).to.equal('');
    });

    it(`of a ${kind} as a form takes urlencoded and multipart`, async () => {
      const urlencoded = await make(new URLSearchParams({ a: 'b c', ä: 'ü' })).formData();
      expect([...urlencoded]).to.deep.equal([
        ['a', 'b c'],
        ['ä', 'ü'],
      ]);
      const multipart = await make(formOf({ a: 'b', c: 'd\r\ne' })).formData();
      expect([...multipart]).to.deep.equal([
        ['a', 'b'],
        ['c', 'd\r\ne'],
      ]);
    });

    it(`of a ${kind} as a form gives files`, async () => {
      const form = new FormData();
      form.append('file', new Blob(['content'], { type: 'text/x' }), 'name.txt');
      const file = (await make(form).formData()).get('file');
      if (file === null || typeof file === 'string') throw new TypeError('no file');
      expect([file.name, file.type, await file.text()]).to.deep.equal(['name.txt', 'text/x', 'content']);
    });

    it(`of a ${kind} as a form reads text written by hand`, async () => {
      const body = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n';
      const form = await make(body, { 'content-type': 'multipart/form-data; boundary=x' }).formData();
      expect([...form]).to.deep.equal([['a', 'b']]);
    });

    it(`of a ${kind} as a form refuses what is none`, async () => {
      expect(await errorName(() => make('a=b').formData())).to.equal('TypeError');
      expect(
        await errorName(() => make('x', { 'content-type': 'multipart/form-data; boundary=x' }).formData()),
      ).to.equal('TypeError');
    });

    it(`of a ${kind} takes a byob reader`, async () => {
      const reader = make('abc').body?.getReader({ mode: 'byob' });
      const { value } = (await reader?.read(new Uint8Array(10))) ?? {};
      expect(value).to.deep.equal(bytesOf('abc'));
    });

    it(`of a ${kind} fails as its stream fails`, async () => {
      const failing = () => new ReadableStream({ start: (controller) => controller.error(new RangeError('gone')) });
      expect(await errorName(() => make(failing()).text())).to.equal('RangeError');
      expect(await errorName(() => make(failing()).arrayBuffer())).to.equal('RangeError');
    });

    it(`of a ${kind} refuses a stream that is used or locked`, async () => {
      const [locked, used] = [streamOf('a'), streamOf('a')];
      locked.getReader();
      await used.cancel();
      expect(await errorName(() => make(locked))).to.equal('TypeError');
      expect(await errorName(() => make(used))).to.equal('TypeError');
    });

    it(`of a ${kind} rejects for what is no ${kind}`, async () => {
      for (const method of ['text', 'json', 'arrayBuffer', 'blob', 'formData']) {
        expect(await errorName(() => Reflect.apply(Reflect.get(make('x'), method), {}, [])), method).to.equal(
          'TypeError',
        );
      }
    });
  }
});

describeFetchClasses('a message without a body', ({ Request, Response }) => {
  const makeEmpty: readonly [string, () => Response | Request][] = [
    ['Response', () => new Response()],
    ['Request', () => new Request('http://localhost/')],
  ];
  for (const [kind, make] of makeEmpty) {
    it(`is empty and never used, as a ${kind}`, async () => {
      const message = make();
      expect(await message.text()).to.equal('');
      expect((await message.arrayBuffer()).byteLength).to.equal(0);
      expect((await message.blob()).size).to.equal(0);
      expect(await errorName(() => message.json())).to.equal('SyntaxError');
      expect([message.body, message.bodyUsed, await message.clone().text()]).to.deep.equal([null, false, '']);
    });
  }
});

describeFetchClasses('clone', (classes) => {
  for (const [kind, make] of makers(classes)) {
    for (const { name, make: body, text } of cases.filter(({ text }) => text !== null)) {
      it(`of a ${kind} whose body is ${name} can be read on its own`, async () => {
        const message = make(body(), { 'x-a': '1' });
        const clone = message.clone();
        message.headers.set('x-a', '2');
        expect(clone.headers.get('x-a')).to.equal('1');
        expect([await clone.text(), message.bodyUsed]).to.deep.equal([text, false]);
        expect([await message.text(), clone.bodyUsed]).to.deep.equal([text, true]);
      });
    }

    it(`of a ${kind} has what was changed in its headers`, () => {
      const message = make('x');
      message.headers.set('x-a', '1');
      expect(message.clone().headers.get('x-a')).to.equal('1');
    });

    it(`of a ${kind} works after its stream was looked at, and again on the clone`, async () => {
      const message = make('x');
      expect(message.body).to.not.equal(null);
      const clone = message.clone();
      const cloneOfClone = clone.clone();
      expect([await message.text(), await clone.text(), await cloneOfClone.text()]).to.deep.equal(['x', 'x', 'x']);
    });
  }
});

async function readStream(message: Response | Request): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of message.body ?? []) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}
