import { expect } from 'chai';
import { kindTo, LAST } from '../../../../src/app/interfaces/wsgi/frames.ts';
import { type Upload, Uploads } from '../../../../src/app/interfaces/wsgi/uploads.ts';
import { RequestBody } from '../../../../src/http/request-body.ts';

const rounds = () => new Promise(setImmediate);

/** A request whose body the process has the first bytes of, and what it got since then. */
function begin(first: string) {
  const rest = new RequestBody(null, { wanted: () => {}, resume: () => {} });
  const call: Upload = {
    ...{ id: 7, body: Buffer.from(first), rest, bodyRoom: 0, bodyHeld: 0 },
    ...{ isBodyWhole: false, isForsaken: false, heardMs: null },
  };
  const sent: string[] = [];
  const broken: Upload[] = [];
  const uploads = new Uploads<Upload>({
    outbox: {
      frame({ kind, flags }, _text, piece) {
        expect(kind).to.equal(kindTo.body);
        sent.push(flags === LAST ? 'the end' : String(piece));
      },
    },
    has: () => true,
    broken: (each) => void broken.push(each),
  });
  uploads.begin(call);
  const come = async (...texts: string[]): Promise<void> => {
    for (const text of texts) {
      rest.push(Buffer.from(text));
      rest.handOver();
      await rounds();
    }
  };
  return { call, rest, sent, broken, uploads, come };
}

describe('Uploads', () => {
  it('sends at once what a process waits for', async () => {
    const { sent, come, uploads, call } = begin('');
    await come('a');
    uploads.want(call, 1);
    await come('b');
    expect(sent).to.deep.equal(['a', 'b']);
  });

  it('joins small pieces while the process has something to take, and sends them when it has none', async () => {
    const { sent, come, uploads, call } = begin('first');
    await come('a', 'b');
    uploads.want(call, 4);
    await come('c');
    expect(sent).to.deep.equal([]);
    uploads.want(call, 1);
    await rounds();
    expect(sent).to.deep.equal(['abc']);
    uploads.want(call, 3);
    await come('d');
    expect(sent).to.deep.equal(['abc', 'd']);
  });

  it('sends small pieces once they are many, or the body is at its end', async () => {
    const { sent, come, rest } = begin('first');
    await come(...'x'.repeat(4_096));
    await come('y');
    expect(sent).to.deep.equal(['x'.repeat(4_096)]);
    rest.complete();
    await rounds();
    expect(sent.slice(1)).to.deep.equal(['y', 'the end']);
  });

  it('sends no more than there is room for, and goes on when there is', async () => {
    const { sent, come, uploads, call } = begin('');
    const large = 'x'.repeat(128 * 1024);
    await come(large, large, large);
    expect(sent).to.have.length(2);
    uploads.want(call, large.length);
    await rounds();
    expect(sent).to.have.length(3);
  });

  it('says when the client broke off', async () => {
    const { broken, call, rest } = begin('first');
    rest.fail('gone');
    await rounds();
    expect(broken).to.deep.equal([call]);
  });
});
