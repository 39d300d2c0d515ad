import { expect } from 'chai';
import { createEnvirons, type WsgiRequest } from '../../../../src/app/interfaces/wsgi/environ.ts';

interface Asked {
  readonly method?: string;
  readonly target?: string;
  readonly authority?: string | null;
  readonly minorVersion?: 0 | 1;
  readonly host?: string;
  readonly fields?: readonly string[];
  readonly secure?: boolean;
  readonly unix?: boolean;
  readonly proxied?: NonNullable<WsgiRequest['peer']['proxied']>;
}

function requestOf(asked: Asked): WsgiRequest {
  const { method = 'GET', target = '/', authority = null, minorVersion = 1, host = 'shop.test:8000' } = asked;
  const { fields = ['Host', host], secure = false, unix = false, proxied } = asked;
  const peer = unix
    ? { address: '', port: 0, encrypted: false }
    : { address: '10.0.0.9', port: 4711, encrypted: false, server: { name: '127.0.0.1', port: 8000 } };
  const plain = { list: fields, host, framing: { kind: 'none' }, upgrade: null } as const;
  const connection = { close: false, keepAlive: false, upgrade: false };
  return {
    head: {
      line: { method, target, authority, minorVersion },
      fields: { ...plain, connection, expectsContinue: false, expectsOther: false },
      host,
    },
    origin: { clientAddress: peer.address, secure, fields },
    peer: proxied === undefined ? peer : { ...peer, proxied },
  };
}

function environOf(asked: Asked, options: { scriptName?: string; contentLength?: number | null } = {}) {
  const { scriptName = '', contentLength = null } = options;
  const text = createEnvirons({ scriptName }).of(requestOf(asked), contentLength);
  if ('status' in text) return { refused: text.status };
  const shared: Record<string, string> = JSON.parse(text.template);
  const [method, path, raw, protocol, address, port, length] = text.head.split('\n');
  return { shared, method, path, raw, protocol, address, port, length, template: text.template };
}

const fieldsOf = (...fields: string[]) => environOf({ fields }).shared;

describe('createEnvirons', () => {
  it('tells who asks for what, and how', () => {
    const asked = { method: 'POST', target: '/a%20b?c=d%3F', minorVersion: 0 } as const;
    expect(environOf(asked, { contentLength: 12 })).to.include({
      ...{ method: 'POST', path: '/a%20b?c=d%3F', raw: '', protocol: 'HTTP/1.0' },
      ...{ address: '10.0.0.9', port: '4711', length: '12' },
    });
    expect(environOf({})).to.include({ protocol: 'HTTP/1.1', length: '' });
    expect(environOf({}, { contentLength: 0 })).to.include({ length: '0' });
  });

  it('names fields as CGI does, and joins those that come more than once', () => {
    expect(fieldsOf('Accept', 'a', 'x-Two', '1', 'ACCEPT', 'b', 'X-TWO', '2', 'accept', 'c')).to.include({
      HTTP_ACCEPT: 'a,b,c',
      HTTP_X_TWO: '1,2',
    });
  });

  it('joins cookies so that they are still cookies', () => {
    expect(fieldsOf('Cookie', 'a=1', 'cookie', 'b=2; c=3')).to.include({ HTTP_COOKIE: 'a=1; b=2; c=3' });
  });

  it('gives Content-Type its own name, and leaves the framing out', () => {
    const shared = fieldsOf('Content-Type', 'text/plain', 'Content-Length', '5', 'Transfer-Encoding', 'chunked');
    expect(shared).to.include({ CONTENT_TYPE: 'text/plain' });
    expect(shared).to.not.have.any.keys('CONTENT_LENGTH', 'HTTP_CONTENT_LENGTH', 'HTTP_TRANSFER_ENCODING');
    expect(shared).to.not.have.property('HTTP_CONTENT_TYPE');
  });

  it('lets no field take the place of a variable that is ours', () => {
    const shared = fieldsOf('__proto__', 'x', 'constructor', 'y', 'wsgi.url_scheme', 'gopher', 'Server-Name', 'evil');
    expect(Object.getOwnPropertyNames(shared)).to.include.members(['HTTP___PROTO__', 'HTTP_CONSTRUCTOR']);
    expect(shared).to.include({ 'wsgi.url_scheme': 'http', SERVER_NAME: '127.0.0.1', HTTP_SERVER_NAME: 'evil' });
  });

  it('keeps names with underscores that the rules of headerMap let through', () => {
    expect(fieldsOf('X_A', '1', 'X-A', '2')).to.include({ HTTP_X_A: '1,2' });
  });

  it('writes latin-1 as JSON in ASCII', () => {
    const value = 'gr\u00fcn \u00ff \u007f \u0080 "\\';
    const { template = '', shared } = environOf({ fields: ['X-A', value] });
    expect(template).to.match(/^[\x20-\x7e]*$/);
    expect(shared).to.include({ HTTP_X_A: value });
  });

  it('tells the scheme, and the address that was connected to', () => {
    expect(environOf({}).shared).to.include({
      'wsgi.url_scheme': 'http',
      SERVER_NAME: '127.0.0.1',
      SERVER_PORT: '8000',
    });
    expect(environOf({ secure: true }).shared).to.include({ 'wsgi.url_scheme': 'https', SERVER_PORT: '8000' });
  });

  it('tells what a PROXY header names as the end of the proxy, in strings, and else nothing of it', () => {
    const proxied = { protocol: 'TCP6', address: '2001:db8::1', port: 443 } as const;
    expect(environOf({ proxied }).shared).to.include({
      ...{ PROXY_PROTOCOL: 'TCP6', PROXY_ADDR: '2001:db8::1', PROXY_PORT: '443' },
      ...{ SERVER_NAME: '127.0.0.1', SERVER_PORT: '8000' },
    });
    expect(environOf({}).shared).to.not.have.any.keys('PROXY_PROTOCOL', 'PROXY_ADDR', 'PROXY_PORT');
    const fields = ['Proxy-Addr', 'evil', 'PROXY_PORT', '1'];
    expect(environOf({ proxied, fields }).shared).to.include({ PROXY_ADDR: '2001:db8::1', HTTP_PROXY_ADDR: 'evil' });
  });

  for (const [host, secure, name, port] of [
    ['shop.test', false, 'shop.test', '80'],
    ['shop.test', true, 'shop.test', '443'],
    ['shop.test:8080', true, 'shop.test', '8080'],
    ['[::1]:81', false, '[::1]', '81'],
    ['[::1]', false, '[::1]', '80'],
    ['', false, 'localhost', '80'],
  ] as const) {
    it(`takes ${name} port ${port} from the host "${host}" on a unix socket`, () => {
      const environ = environOf({ host, secure, unix: true });
      expect(environ.shared).to.include({ SERVER_NAME: name, SERVER_PORT: port });
      expect(environ).to.include({ address: '', port: '0' });
    });
  }

  for (const [target, path] of [
    ['http://shop.test/a?b', '/a?b'],
    ['HTTP://user@shop.test:81/a', '/a'],
    ['http://shop.test', '/'],
    ['http://shop.test?b', '/?b'],
  ] as const) {
    it(`finds ${path} in ${target}, and keeps it as it was sent`, () => {
      expect(environOf({ target, authority: 'shop.test' })).to.include({ path, raw: target });
    });
  }

  it('hands * on', () => expect(environOf({ method: 'OPTIONS', target: '*' })).to.include({ path: '*', raw: '' }));

  it('knows SCRIPT_NAME from the surroundings and, before that, from a trusted proxy', () => {
    expect(environOf({ target: '/shop/a' }, { scriptName: '/shop' }).shared).to.include({ SCRIPT_NAME: '/shop' });
    const fields = ['SCRIPT_NAME', '/market/'];
    const proxied = environOf({ target: '/market?a', fields }, { scriptName: '/shop' }).shared;
    expect(proxied).to.include({ SCRIPT_NAME: '/market' }).and.not.have.property('HTTP_SCRIPT_NAME');
  });

  it('takes no field for SCRIPT_NAME that a stranger may send where forwarderHeaders is empty', () => {
    const fields = ['Script-Name', '/evil'];
    expect(environOf({ fields }).shared).to.include({ SCRIPT_NAME: '', HTTP_SCRIPT_NAME: '/evil' });
  });

  for (const target of ['/', '/shopping', '/sho', '/other/shop', '*']) {
    it(`refuses ${target} below the SCRIPT_NAME /shop`, () => {
      expect(environOf({ target }, { scriptName: '/shop' })).to.deep.equal({ refused: 400 });
    });
  }
  for (const target of ['/shop', '/shop/', '/shop?a', '/shop/a']) {
    it(`takes ${target} below the SCRIPT_NAME /shop`, () => {
      expect(environOf({ target }, { scriptName: '/shop' })).to.include({ path: target });
    });
  }

  it('refuses fields that fit in no frame: escaped they are six times as long', () => {
    expect(environOf({ fields: ['X-A', '\u00ff'.repeat(170_000)] })).to.not.have.property('refused');
    expect(environOf({ fields: ['X-A', '\u00ff'.repeat(175_000)] })).to.deep.equal({ refused: 431 });
  });

  it('makes the text of a list of fields once', () => {
    const environs = createEnvirons({ scriptName: '' });
    const fields = ['Host', 'a'];
    const texts = ['/a', '/b'].map((target) => environs.of(requestOf({ target, fields }), null));
    const [one, two] = texts.map((text) => ('template' in text ? text.template : null));
    expect(one).to.equal(two);
  });
});
