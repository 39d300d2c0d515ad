import { expect } from 'chai';
import type { Outcome, Turn } from '../../../bench/compare.ts';
import { pageOf, versus } from '../../../bench/page.ts';
import { summaryOf } from '../../../bench/report.ts';
import { summarize } from '../../../bench/statistics.ts';

const turn = (requestsPerSecond: number, cpuUs = 10): Turn => ({
  requests: requestsPerSecond,
  requestsPerSecond,
  p99Ms: 1.5,
  cpuUs,
});
const outcome: Outcome = {
  ours: 'fetch',
  peer: 'bare',
  scenario: 'json',
  rounds: [
    { ours: turn(20_000), peer: turn(10_000) },
    { ours: turn(10_000), peer: turn(4_000) },
    { ours: turn(30_000), peer: turn(40_000) },
  ],
};
const results = {
  facts: [['Node.js', 'v1 | v2']] as const,
  outcomes: [outcome],
  startCosts: [],
  starts: 5,
  seconds: 1,
};

describe('summaryOf', () => {
  it('takes ratios within each round, not of the medians', () => {
    expect(summaryOf(outcome).ratio).to.deep.equal({ median: 2, min: 0.75, max: 2.5 });
    expect(summaryOf(outcome).ours.requestsPerSecond.median).to.equal(20_000);
  });
});

describe('versus', () => {
  it('says how many processes there are unless each has one', () => {
    expect(versus({ ours: 'fetch', peer: 'srvx' })).to.equal('fetch / srvx');
    expect(versus({ ours: 'node', peer: 'pm2' })).to.equal('node / PM2 cluster mode, 2 processes each');
    expect(versus({ ours: 'node', peer: 'bare' })).to.equal('node / bare node:http, 2 and 1 processes');
  });
});

describe('pageOf', () => {
  const page = pageOf(results, 'chart.svg');
  const rows = page.split('\n').filter((line) => line.startsWith('|'));

  it('shows each figure with its spread, and the ratio', () => {
    expect(page).to.contain(
      '| fetch / bare node:http | 20,000 (10,000–30,000) | 10,000 (4,000–40,000) | **2.00** (0.75–2.50) | 1.50 / 1.50 | 10.0 / 10.0 | 3 |',
    );
  });

  it('has a section for what was measured only, and shows the chart', () => {
    expect(page.match(/^## .*$/gm)).to.deep.equal(['## What was measured, and on what', '## How', '## JSON']);
    expect(page).to.contain('](chart.svg)');
  });

  it('keeps a table whole when a value holds its separator', () => {
    expect(rows).to.include('| Node.js | v1 \\| v2 |');
  });

  it('says so where the system does not tell processor time', () => {
    const dark = { ...outcome, rounds: [{ ours: turn(1, Number.NaN), peer: turn(1, Number.NaN) }] };
    expect(pageOf({ ...results, outcomes: [dark] }, 'chart.svg')).to.contain('| ? / ? |');
  });

  it('tells what a start costs, and where there is no master', () => {
    const [readyMs, servingMiB, masterMiB] = [summarize([80]), summarize([44]), summarize([])];
    const startCosts = [{ id: 'bare', processes: 1, readyMs, servingMiB, masterMiB }];
    expect(pageOf({ ...results, startCosts }, 'chart.svg')).to.contain(
      '| bare node:http | 1 | 80 (80–80) | 44.0 (44.0–44.0) | none |',
    );
  });
});
