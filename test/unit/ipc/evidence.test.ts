import { expect } from 'chai';
import { evidenceBounds, printable } from '../../../src/ipc/evidence.ts';
import { parseWorkerMessage } from '../../../src/ipc/messages.ts';

const request = { method: 'GET', target: '/a?b=1', ageMs: 31_000 };
const evidence = { type: 'evidence', stack: ['spin (/app/a.ts:3:5)'], requests: [request], requestsInFlight: 1 };

describe('parseEvidence', () => {
  const good = {
    'a stack with requests': evidence,
    'no stack': { ...evidence, stack: [], requests: [], requestsInFlight: null },
    'text beyond ASCII': { ...evidence, stack: ['größe (/app/日本.ts:1:1)'] },
    'the most of everything': {
      ...evidence,
      stack: Array(evidenceBounds.frames).fill('x'.repeat(evidenceBounds.frameLength)),
      requests: Array(evidenceBounds.requests).fill({ ...request, target: 'x'.repeat(evidenceBounds.targetLength) }),
    },
  };
  for (const [name, message] of Object.entries(good)) {
    it(`takes ${name}`, () => expect(parseWorkerMessage(message)).to.deep.equal(message));
  }

  const bad = {
    'no list': { ...evidence, stack: 'spin' },
    'nothing but a type': { type: 'evidence' },
    'a frame that is no text': { ...evidence, stack: [7] },
    'too many frames': { ...evidence, stack: Array(evidenceBounds.frames + 1).fill('x') },
    'a frame that is too long': { ...evidence, stack: ['x'.repeat(evidenceBounds.frameLength + 1)] },
    'a colour': { ...evidence, stack: ['\u001b[31mspin'] },
    'a line end': { ...evidence, stack: ['spin\nforged'] },
    'a right-to-left override': { ...evidence, stack: ['spin\u202e'] },
    'half a character': { ...evidence, stack: ['spin\ud800'] },
    'too many requests': { ...evidence, requests: Array(evidenceBounds.requests + 1).fill(request) },
    'a request without an age': { ...evidence, requests: [{ method: 'GET', target: '/' }] },
    'a negative age': { ...evidence, requests: [{ ...request, ageMs: -1 }] },
    'an age that is none': { ...evidence, requests: [{ ...request, ageMs: '1' }] },
    'a target with a line end': { ...evidence, requests: [{ ...request, target: '/\r' }] },
    'a target that is too long': {
      ...evidence,
      requests: [{ ...request, target: 'x'.repeat(evidenceBounds.targetLength + 1) }],
    },
    'a request that is none': { ...evidence, requests: [null] },
    'half a request in flight': { ...evidence, requestsInFlight: 0.5 },
    'no number of requests': { ...evidence, requestsInFlight: undefined },
  };
  for (const [name, message] of Object.entries(bad)) {
    it(`refuses ${name}`, () => expect(parseWorkerMessage(message)).to.equal(null));
  }

  it('passes on nothing that it does not know', () => {
    const more = { ...evidence, path: '/etc/passwd', requests: [{ ...request, cookie: 'secret' }] };
    expect(parseWorkerMessage(more)).to.deep.equal(evidence);
  });
});

describe('printable', () => {
  it('makes text that evidence may hold of any', () => {
    const text = printable(`a\u001b[2J\r\n\u202e\ud800b${'x'.repeat(500)}`, 40);
    expect(text).to.equal(`a?[2J????b${'x'.repeat(29)}…`);
    expect(parseWorkerMessage({ ...evidence, stack: [text] })).to.not.equal(null);
  });
});
