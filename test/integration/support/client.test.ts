import { expect } from 'chai';
import { fetchText, openKeepAlive, rawRequest } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { type Planted, plantHttp, plantRaw, WHOLE } from './planted.ts';

describe('test clients', () => {
  let server: Planted;
  afterEach(() => server.close());

  it('fetchText asks by URL and reads the whole answer', async () => {
    server = await plantHttp((req, res) => req.pipe(res.setHeader('X-Path', `${req.method} ${req.url}`)));
    const answer = await fetchText(`http://127.0.0.1:${server.target.port}/a?b`, { body: 'text' });
    expect(answer).to.include({ status: 200, text: 'text' });
    expect(answer.headers['x-path']).to.equal('POST /a?b');
  });

  it('rawRequest returns what came before the server closed', async () => {
    server = await plantRaw((socket) => socket.end(WHOLE));
    expect(await rawRequest(server.target, 'GET / HTTP/1.1\r\n\r\n')).to.equal(WHOLE);
  });

  it('rawRequest rejects when the server stays', async () => {
    server = await plantRaw((socket) => socket.write(WHOLE));
    const failure = await rawRequest(server.target, 'GET / HTTP/1.1\r\n\r\n', { timeoutMs: 30 }).catch(String);
    expect(failure).to.include('did not close within 30 ms').and.to.include('hello');
  });

  it('openKeepAlive sends one request after the other, whole or in parts', async () => {
    server = await plantHttp((req, res) => res.end(`${req.method} ${req.url}`));
    const connection = await openKeepAlive(server.target);
    expect(await connection.request('/1')).to.include({ status: 200, body: 'GET /1', closes: false });
    connection.write('GET /2 HTTP/1.1\r\n');
    expect(await connection.send('Host: x\r\n\r\n')).to.include({ body: 'GET /2' });
    connection.close();
    expect(await connection.closed).to.equal(null);
    expect(server.peers).to.have.length(1);
  });

  it('openKeepAlive tells how the connection ended', async () => {
    server = await plantRaw((socket) => socket.resetAndDestroy());
    const connection = await openKeepAlive(server.target);
    const failure = await connection.request('/').catch(String);
    expect(failure).to.include('the connection ended (ECONNRESET) after 0 bytes');
    expect(await connection.closed).to.equal('ECONNRESET');
  });
});

describe('eventually', () => {
  it('resolves with what the check saw, once it sees it', async () => {
    let looks = 0;
    expect(await eventually(() => (++looks === 3 ? 'seen' : null), { everyMs: 1 })).to.equal('seen');
  });

  it('gives up with the last failure', async () => {
    const check = () => {
      throw new Error('not there');
    };
    const failure = await eventually(check, { timeoutMs: 5, everyMs: 1, until: 'it is there' }).catch(String);
    expect(failure).to.equal('Error: gave up after 5 ms waiting until it is there: not there');
  });
});
