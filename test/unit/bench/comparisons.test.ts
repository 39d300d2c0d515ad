import { expect } from 'chai';
import { allComparisons, chosenComparisons } from '../../../bench/comparisons.ts';
import { contenderNamed } from '../../../bench/contenders.ts';
import { parseOptions } from '../../../bench/options.ts';

const chosen = (...args: string[]) =>
  chosenComparisons(parseOptions(args)).map(({ ours, peer, scenarios }) => `${ours}/${peer}: ${scenarios.join(' ')}`);

describe('chosenComparisons', () => {
  it('are all when nothing is chosen', () => {
    expect(chosenComparisons(parseOptions([]))).to.deep.equal(allComparisons);
  });

  it('are those with the peers that were named, in every scenario of theirs', () => {
    expect(chosen('--peers', 'bun,pm2')).to.deep.equal([
      'fetch/bun: hello json large stream echo idle',
      'node/pm2: hello echo',
    ]);
  });

  it('run a scenario that was named with every peer, even where it is not run otherwise', () => {
    expect(chosen('stream', '--peers', 'bare,cluster')).to.deep.equal(['fetch/bare: stream', 'node/cluster: stream']);
  });

  it('run a scenario only where the servers run its application', () => {
    expect(chosen('hello', 'wsgi-json', '--peers', 'bare,granian')).to.deep.equal([
      'fetch/bare: hello',
      'wsgi/granian: wsgi-json',
    ]);
    expect(chosen('wsgi-sleep', '--peers', 'gunicorn-sync-4,gunicorn-gthread-4')).to.deep.equal([
      'wsgi-4/gunicorn-sync-4: wsgi-sleep',
      'wsgi-4x4/gunicorn-gthread-4: wsgi-sleep',
    ]);
    expect(() => chosen('--ours', 'wsgi', '--peers', 'bare')).to.throw('nothing to compare');
  });

  it('have as many processes on both sides', () => {
    const processes = (id: string) => contenderNamed(id).processes;
    const uneven = allComparisons.filter(({ ours, peer }) => processes(ours) !== processes(peer));
    expect(uneven).to.deep.equal([]);
  });

  it('put another server in place of ours, against those that run as many processes', () => {
    expect(chosen('hello', '--ours', 'bare')).to.deep.equal(
      ['fetch', 'hono', 'srvx', 'bun'].map((peer) => `bare/${peer}: hello`),
    );
    expect(chosen('hello', '--ours', 'bare', '--peers', 'node')).to.deep.equal(['bare/node: hello']);
  });

  it('are none when only start and memory are asked for', () => expect(chosen('start')).to.deep.equal([]));

  it('refuse a choice that leaves nothing to do', () => {
    expect(() => chosen('--ours', 'bare', '--peers', 'bare')).to.throw('nothing to compare');
  });
});
