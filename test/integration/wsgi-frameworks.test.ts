import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { fetchText } from '../support/client.ts';
import { copyExample, type ExampleCopy } from '../support/examples.ts';
import { pendingWithoutPython, pythonForTests } from '../support/python.ts';
import { type Server, startServer } from '../support/server.ts';
import { newVisitor, type Visitor } from '../support/visitor.ts';

const MIB = 1_048_576;
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const tokenIn = (page: string) => /name="csrfmiddlewaretoken" value="(\w+)"/.exec(page)?.[1] ?? 'no token';

describe('Django', () => {
  const password = 'a long pass phrase';
  const secrets = { DJANGO_SECRET_KEY: randomBytes(40).toString('base64url') };
  // What a proxy adds that ends TLS: the settings of the example want HTTPS.
  const proxied = { Host: 'localhost', 'X-Forwarded-Proto': 'https', Referer: 'https://localhost/' };
  let example: ExampleCopy | undefined;
  let server: Server | undefined;
  let visitor: Visitor;

  async function logIn(): Promise<void> {
    const { text } = await visitor.visit('/admin/login/');
    const form = { username: 'ada', password, next: '/admin/', csrfmiddlewaretoken: tokenIn(text) };
    const answer = await visitor.visit('/admin/login/', { form });
    expect([answer.status, answer.headers.location]).to.deep.equal([302, '/admin/']);
  }

  before(async function () {
    pendingWithoutPython(this, ['django', 'whitenoise', 'sqlite3']);
    example = copyExample('django');
    example.python(['manage.py', 'prepare'], secrets);
    const account = { DJANGO_SUPERUSER_USERNAME: 'ada', DJANGO_SUPERUSER_EMAIL: 'ada@example.com' };
    const all = { ...secrets, ...account, DJANGO_SUPERUSER_PASSWORD: password };
    example.python(['manage.py', 'createsuperuser', '--noinput'], all);
    server = await example.start({ env: secrets });
  });
  after(async () => {
    await server?.stop();
    example?.remove();
  });
  beforeEach(() => {
    visitor = newVisitor(server?.url ?? '', proxied);
  });

  it('lets its admin be used: CSRF, log-in, cookies, a form that writes to SQLite', async () => {
    expect((await visitor.visit('/admin/')).status).to.equal(302);
    await logIn();
    expect([...visitor.cookies.keys()]).to.include.members(['csrftoken', 'sessionid']);
    expect((await visitor.visit('/admin/')).text).to.contain('Site administration');
    const { text } = await visitor.visit('/admin/books/book/add/');
    const book = { title: 'Mäusejagd & <b>', author: 'Test', year: '2001', csrfmiddlewaretoken: tokenIn(text) };
    const added = await visitor.visit('/admin/books/book/add/', { form: book });
    expect([added.status, added.headers.location]).to.deep.equal([302, '/admin/books/book/']);
    expect((await visitor.visit('/')).text).to.contain('Mäusejagd &amp; &lt;b&gt;');
  });

  it('refuses a form without its CSRF token', async () => {
    const form = { username: 'ada', password, next: '/admin/' };
    expect((await visitor.visit('/admin/login/', { form })).status).to.equal(403);
  });

  it('learns from a trusted proxy alone whether a request came over TLS', async () => {
    const plain = await fetchText(server?.url ?? '', { headers: { Host: 'localhost' } });
    expect([plain.status, plain.headers.location]).to.deep.equal([301, 'https://localhost/']);
    const { status, headers } = await visitor.visit('/');
    expect([status, headers['strict-transport-security']]).to.deep.equal([
      200,
      'max-age=31536000; includeSubDomains; preload',
    ]);
  });

  it('has its static files through WhiteNoise: for ever, compressed, and not again when they are known', async () => {
    const { text } = await visitor.visit('/');
    const [, path = ''] = /href="(\/static\/books\/style\.\w+\.css)"/.exec(text) ?? [];
    const whole = await visitor.visit(path);
    expect(whole).to.deep.include({ status: 200 });
    expect(whole.headers['content-type']).to.match(/^text\/css/);
    expect(whole.headers['cache-control']).to.contain('immutable');
    expect(whole.text).to.contain('font-family');
    const head = await visitor.visit(path, { method: 'HEAD' });
    expect([head.text, head.headers['content-length']]).to.deep.equal(['', String(whole.text.length)]);
    const known = { 'If-Modified-Since': whole.headers['last-modified'] ?? '' };
    expect((await visitor.visit(path, { headers: known })).status).to.equal(304);
    const css = /href="(\/static\/admin\/css\/base\.\w+\.css)"/.exec((await visitor.visit('/admin/login/')).text)?.[1];
    const packed = await visitor.visit(css ?? '', { headers: { 'Accept-Encoding': 'gzip' } });
    expect(packed.headers['content-encoding']).to.equal('gzip');
  });

  it('takes an upload of several MiB', async () => {
    await logIn();
    const bytes = randomBytes(6 * MIB);
    const csrfmiddlewaretoken = tokenIn((await visitor.visit('/upload/')).text);
    const file = { name: 'noise.bin', bytes, fields: { csrfmiddlewaretoken } };
    const { status, text } = await visitor.visit('/upload/', { file });
    expect(status).to.equal(200);
    expect(text).to.contain('noise.bin').and.contain(`${bytes.length}</output>`).and.contain(sha256(bytes));
  });

  it('streams an answer of unknown length', async () => {
    const { headers, text } = await visitor.visit('/books.csv');
    expect(headers['transfer-encoding']).to.equal('chunked');
    expect(text)
      .to.match(/^title,author,year\r\n/)
      .and.contain('Frankenstein,Mary Shelley,1818\r\n');
  });

  it('has nothing to say in manage.py check --deploy', () => {
    expect(example?.python(['manage.py', 'check', '--deploy'], secrets)).to.contain('no issues (0 silenced)');
  });
});

describe('Flask', () => {
  let example: ExampleCopy | undefined;
  let server: Server | undefined;
  let visitor: Visitor;
  before(async function () {
    pendingWithoutPython(this, ['flask']);
    example = copyExample('flask');
    server = await example.start({ env: { FLASK_SECRET_KEY: 'a secret of this test' } });
  });
  after(async () => {
    await server?.stop();
    example?.remove();
  });
  beforeEach(() => {
    visitor = newVisitor(server?.url ?? '');
  });

  it('keeps a session in a signed cookie, whichever process answers', async () => {
    for (const text of ['milk', 'bread & butter']) {
      expect((await visitor.visit('/notes', { form: { text } })).headers.location).to.equal('/');
    }
    const pages = await Promise.all(Array.from({ length: 10 }, () => visitor.visit('/')));
    for (const { text } of pages) expect(text).to.contain('milk').and.contain('bread &amp; butter');
    expect((await newVisitor(server?.url ?? '').visit('/')).text).to.not.contain('milk');
  });

  it('reads a chunked body, whose end the server tells', async () => {
    const headers = { 'Transfer-Encoding': 'chunked' };
    expect((await visitor.visit('/notes', { form: { text: 'in chunks' }, headers })).status).to.equal(302);
    expect((await visitor.visit('/')).text).to.contain('in chunks');
  });

  it('streams within the context of the request', async () => {
    const { headers, text } = await visitor.visit('/count?to=500&name=Ada');
    expect(headers['transfer-encoding']).to.equal('chunked');
    expect(text.split('\n')).to.have.length(501).and.include('500 for Ada');
  });

  it('sends a file whole, in part, and not at all when it is known', async () => {
    const whole = await visitor.visit('/files/poem.txt');
    expect(whole.text).to.match(/^Tyger Tyger/);
    expect(whole.headers['content-length']).to.equal(String(whole.text.length));
    const part = await visitor.visit('/files/poem.txt', { headers: { Range: 'bytes=6-10' } });
    expect([part.status, part.text, part.headers['content-range']]).to.deep.equal([
      206,
      'Tyger',
      `bytes 6-10/${whole.text.length}`,
    ]);
    const beyond = await visitor.visit('/files/poem.txt', { headers: { Range: 'bytes=99999-' } });
    expect(beyond.status).to.equal(416);
    const known = await visitor.visit('/files/poem.txt', { headers: { 'If-None-Match': whole.headers.etag ?? '' } });
    expect([known.status, known.text]).to.deep.equal([304, '']);
  });
});

describe('Bottle', () => {
  let example: ExampleCopy | undefined;
  let server: Server | undefined;
  let visitor: Visitor;
  before(async function () {
    pendingWithoutPython(this, ['bottle']);
    example = copyExample('bottle');
    server = await example.start();
    visitor = newVisitor(server.url);
  });
  after(async () => {
    await server?.stop();
    example?.remove();
  });

  it('answers its routes, with JSON and with errors of its own', async () => {
    expect(JSON.parse((await visitor.visit('/prices/tea')).text)).to.include({ name: 'tea', cents: 290 });
    expect((await visitor.visit('/prices/gold')).status).to.equal(404);
    expect((await visitor.visit('/bill')).status).to.equal(405);
  });

  it('reads a form', async () => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const answer = await visitor.visit('/bill', { body: 'what=tea&what=cake', headers });
    expect(answer.text).to.equal('{"cents": 710}');
    expect((await visitor.visit('/bill', { form: { what: 'gold' } })).status).to.equal(400);
  });

  it('sends a static file, and no file that is none of its own', async () => {
    expect((await visitor.visit('/')).text).to.contain('<h1>Prices</h1>');
    const { headers, text } = await visitor.visit('/static/style.css');
    expect(headers['content-type']).to.match(/^text\/css/);
    expect(headers['content-length']).to.equal(String(text.length));
    expect((await visitor.visit('/static/..%2fapp.py')).status).to.be.oneOf([403, 404]);
  });
});

describe('Falcon', () => {
  let server: Server | undefined;
  let visitor: Visitor;
  before(async function () {
    pendingWithoutPython(this, ['falcon']);
    const folder = fileURLToPath(new URL('../fixtures/apps/wsgi/frameworks', import.meta.url));
    const flags = ['--interface', 'wsgi', '--chdir', join(folder), '--python', pythonForTests().python];
    server = await startServer({ app: 'falcon_app:application', flags });
    visitor = newVisitor(server.url);
  });
  after(() => server?.stop());

  it('routes, and reads and writes JSON', async () => {
    expect(JSON.parse((await visitor.visit('/hello/ada')).text)).to.deep.equal({ hello: 'ada' });
    const headers = { 'Content-Type': 'application/json' };
    const put = await visitor.visit('/hello/ada', { method: 'PUT', body: '{"ä":1}', headers });
    expect([put.status, JSON.parse(put.text)]).to.deep.equal([201, { hello: 'ada', got: { ä: 1 } }]);
    const broken = await visitor.visit('/hello/ada', { method: 'PUT', body: '{', headers });
    expect(broken.status).to.equal(400);
    expect((await visitor.visit('/nothing')).status).to.equal(404);
  });

  it('reads a body of several MiB piece by piece', async () => {
    const body = randomBytes(3 * MIB);
    const answer = await visitor.visit('/digest', { body });
    expect(JSON.parse(answer.text)).to.deep.equal({ bytes: body.length, sha256: sha256(body) });
  });

  it('streams', async () => {
    const { headers, text } = await visitor.visit('/lines?count=3');
    expect(headers['transfer-encoding']).to.equal('chunked');
    expect(text).to.equal('line 0\nline 1\nline 2\n');
  });
});
