import { inspect } from 'node:util';
import { expect } from 'chai';
import { call, describeFetchClasses, errorName, type FetchClasses, light, platform } from './classes.ts';
import { sentRequest } from './client-request.ts';

type Kind = 'Request' | 'Response';
const kinds: readonly Kind[] = ['Request', 'Response'];

/** A request or response of this pair. */
function make(classes: FetchClasses, kind: Kind): object {
  return kind === 'Request' ? new classes.Request('http://localhost/') : new classes.Response('x');
}

function enumerable(object: object): string[] {
  const names: string[] = [];
  for (const name in object) names.push(name);
  return names.sort();
}

/** What a descriptor says beside the functions themselves. */
function look(object: object): Record<string, unknown> {
  const found = Reflect.ownKeys(object).map((key) => {
    const { value, get, set, ...flags } = Object.getOwnPropertyDescriptor(object, key) ?? {};
    const kind = typeof value === 'function' ? `${value.name}/${value.length}` : value;
    return [
      String(key),
      { ...flags, value: typeof kind === 'object' ? 'object' : kind, get: typeof get, set: typeof set },
    ];
  });
  return Object.fromEntries(found);
}

describeFetchClasses('the look', (classes) => {
  for (const kind of kinds) {
    it(`of a ${kind} is that of its class: constructor, name, tag`, () => {
      const made = make(classes, kind);
      expect(made).to.be.instanceOf(classes[kind]);
      expect(made.constructor).to.equal(classes[kind]);
      expect(classes[kind].name).to.equal(kind);
      expect(Object.prototype.toString.call(made)).to.equal(`[object ${kind}]`);
    });

    it(`of a ${kind} is not that of the other, nor of a record`, () => {
      const other = kind === 'Request' ? 'Response' : 'Request';
      expect(make(classes, kind)).to.not.be.instanceOf(classes[other]);
      expect({ status: 200, headers: {} }).to.not.be.instanceOf(classes[kind]);
      expect(Reflect.apply(Function.prototype[Symbol.hasInstance], classes[kind], [null])).to.equal(false);
    });

    it(`of a ${kind} has no enumerable members of its own`, () => {
      expect(Object.keys(make(classes, kind))).to.deep.equal([]);
    });

    it(`of a ${kind} takes properties of the application`, () => {
      const made = Object.assign(make(classes, kind), { note: 1 });
      expect(made.note).to.equal(1);
    });

    it(`of a ${kind} in a log names it, and leaves the body alone`, async () => {
      const made = make(classes, kind);
      expect(inspect(made)).to.match(new RegExp(`^${kind} \\{`));
      expect(inspect({ a: { b: made } })).to.include(kind);
      expect(Reflect.get(made, 'bodyUsed')).to.equal(false);
    });

    it(`of a ${kind} refuses other objects`, async () => {
      for (const key of ['headers', 'body', 'bodyUsed', 'url']) {
        expect(await errorName(() => Reflect.get(classes[kind].prototype, key, {})), key).to.equal('TypeError');
      }
    });
  }

  it('of a subclass is its own, beside that of its parent', () => {
    class Page extends classes.Response {
      constructor(text: string) {
        super(`<p>${text}`, { headers: { 'content-type': 'text/html' } });
      }
      get kind(): string {
        return 'page';
      }
    }
    const page = new Page('a');
    expect([page instanceof Page, page instanceof classes.Response, page.kind]).to.deep.equal([true, true, 'page']);
    expect(page.headers.get('content-type')).to.equal('text/html');
    expect(page.constructor).to.equal(Page);
    expect(new classes.Response()).to.not.be.instanceOf(Page);
    expect(page.clone()).to.not.be.instanceOf(Page);
    expect(Page.json(1)).to.not.be.instanceOf(Page);
  });

  it('of a subclass of Request is its own too', () => {
    class Marked extends classes.Request {
      readonly mark = 1;
    }
    const marked = new Marked('http://localhost/a', { method: 'post' });
    expect([marked.mark, marked.method, marked.url]).to.deep.equal([1, 'POST', 'http://localhost/a']);
    expect([marked instanceof Marked, marked instanceof classes.Request]).to.deep.equal([true, true]);
    expect(new classes.Request('http://localhost/')).to.not.be.instanceOf(Marked);
  });
});

describe('the light classes', () => {
  for (const kind of kinds) {
    it(`are not the platform's, and take its ${kind} for theirs, and the other way round`, () => {
      expect(light[kind]).to.not.equal(platform[kind]);
      expect(make(platform, kind)).to.be.instanceOf(light[kind]);
      expect(make(light, kind)).to.be.instanceOf(platform[kind]);
    });

    it(`do not take the platform's ${kind} for an instance of a subclass of theirs`, () => {
      class Sub extends light[kind] {}
      expect(make(platform, kind)).to.not.be.instanceOf(Sub);
    });

    it(`show in for…in what the platform's ${kind} shows`, () => {
      expect(enumerable(make(light, kind))).to.deep.equal(enumerable(make(platform, kind)));
    });

    it(`have every member of the platform's ${kind}, of the same kind`, () => {
      const ours = look(light[kind].prototype);
      const theirs = look(platform[kind].prototype);
      for (const name of Object.keys(ours)) expect({ [name]: ours[name] }).to.deep.equal({ [name]: theirs[name] });
      const methods = Object.keys(theirs).filter((name) => name in platform[kind].prototype && !(name in ours));
      // Inherited as they are: no methods, and nothing that looks at the object.
      expect(methods.filter((name) => name !== 'attribute')).to.deep.equal([]);
    });

    it(`have the statics of the platform's ${kind}`, () => {
      const { 'Symbol(Symbol.hasInstance)': _test, ...ours } = look(light[kind]);
      expect(ours).to.deep.equal(look(platform[kind]));
    });
  }

  it('give a request of a client every property that the platform gives one', () => {
    const [ours, theirs] = [sentRequest('x'), new platform.Request('http://localhost:8000/')];
    const special = ['method', 'url', 'headers', 'signal', 'body', 'bodyUsed'];
    for (const name of enumerable(theirs).filter((name) => !special.includes(name))) {
      const value: unknown = Reflect.get(theirs, name);
      if (typeof value !== 'function') expect(Reflect.get(ours, name), name).to.equal(value);
    }
    expect(enumerable(ours)).to.deep.equal(enumerable(theirs));
  });

  const hasTextStream = 'textStream' in platform.Response.prototype;
  it(`have ${hasTextStream ? '' : 'no '}textStream(), as the platform`, async () => {
    expect('textStream' in light.Response.prototype).to.equal(hasTextStream);
    if (!hasTextStream) return;
    for (const message of [new light.Response('aä'), sentRequest('aä')]) {
      const stream = call(message, 'textStream');
      if (!(stream instanceof ReadableStream)) throw new TypeError('no stream');
      const pieces: unknown[] = [];
      for await (const piece of stream) pieces.push(piece);
      expect([pieces.join(''), message.bodyUsed]).to.deep.equal(['aä', true]);
    }
  });
});
