import { expect } from 'chai';
import { parseWrk } from '../../../bench/wrk-output.ts';

const output = ({ p99 = '1.34ms', trouble = '' } = {}) => `Running 1s test @ http://127.0.0.1:4711/
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   429.12us  203.71us   5.36ms   91.85%
    Req/Sec    74.86k     5.17k   80.29k    72.73%
  Latency Distribution
     50%  391.00us
     75%  442.00us
     90%  571.00us
     99%    ${p99}
  81930 requests in 1.10s, 13.05MB read
${trouble}Requests/sec:  74493.04
Transfer/sec:     11.86MB
`;

describe('parseWrk', () => {
  it('finds the requests, their rate and the 99th percentile', () => {
    expect(parseWrk(output())).to.deep.equal({ requests: 81_930, requestsPerSecond: 74_493.04, p99Ms: 1.34 });
  });

  for (const [written, p99Ms] of [
    ['391.00us', 0.391],
    ['2.50ms', 2.5],
    // With one unit letter the column is filled up with a space.
    ['1.20s ', 1_200],
  ] as const) {
    it(`reads ${written} as ${p99Ms} ms`, () => {
      expect(parseWrk(output({ p99: written })).p99Ms).to.be.closeTo(p99Ms, 1e-9);
    });
  }

  for (const trouble of [
    '  Socket errors: connect 0, read 12, write 0, timeout 0',
    '  Non-2xx or 3xx responses: 81930',
  ]) {
    it(`refuses a run with "${trouble.trim()}"`, () => {
      expect(() => parseWrk(output({ trouble: `${trouble}\n` }))).to.throw(trouble.trim());
    });
  }

  it('refuses what holds no figures and shows it', () => {
    expect(() => parseWrk('unable to connect to 127.0.0.1:1 Connection refused\n')).to.throw(
      /measured nothing.*\nunable to connect/,
    );
  });

  it('refuses a run in which nothing was answered', () => {
    const nothing = output().replace('81930', '0').replace('74493.04', '0.00');
    expect(() => parseWrk(nothing)).to.throw('measured nothing');
  });

  it('takes such a run for one answer, and failed connections for nothing, where it forgives', () => {
    const trouble = '  Socket errors: connect 0, read 12, write 0, timeout 16\n';
    expect(parseWrk(output({ trouble }), { ranForMs: 1_000 }).requests).to.equal(81_930);
    const nothing = output({ trouble }).replace('81930', '0').replace('74493.04', '0.00');
    const noConnection = 'unable to connect to 127.0.0.1:41445 Connection timed out\n';
    for (const output of [nothing, noConnection, '']) {
      expect(parseWrk(output, { ranForMs: 2_000 })).to.deep.equal({
        requests: 1,
        requestsPerSecond: 0.5,
        p99Ms: 2_000,
      });
    }
    expect(() => parseWrk(noConnection)).to.throw('measured nothing');
    expect(() => parseWrk(output({ trouble: '  Non-2xx or 3xx responses: 9\n' }), { ranForMs: 1_000 })).to.throw(
      'Non-2xx',
    );
  });
});
