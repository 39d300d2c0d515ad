import type { Comparison } from './comparisons.ts';
import type { Running, Stage } from './contender.ts';
import { contenderNamed } from './contenders.ts';
import { cpuMs } from './family.ts';
import { type IdleConnections, openIdle } from './idle.ts';
import { answerTo, measure } from './load.ts';
import { type Scenario, scenarioNamed } from './scenarios.ts';
import { type SlowClients, startSlowClients } from './slow-clients.ts';
import type { Measured } from './wrk-output.ts';

/** One server in one round. */
export interface Turn extends Measured {
  /** Processor time of all its processes in microseconds a request. NaN where the system does not tell. */
  readonly cpuUs: number;
}

/** Both servers in one round, one directly after the other. */
export interface Round {
  readonly ours: Turn;
  readonly peer: Turn;
}

/** One comparison under one load. */
export interface Outcome {
  readonly ours: string;
  readonly peer: string;
  readonly scenario: string;
  readonly rounds: readonly Round[];
}

export interface Duration {
  readonly rounds: number;
  readonly seconds: number;
}

type Pair = readonly [ours: Running, peer: Running];

/** How often the servers of a comparison are started: what a compiler makes of a program differs from one life of it to the next. */
const LIVES = 3;

/** Runs the two servers side by side and asks them in turn under each of the loads, in some of the rounds in each of their lives. */
export async function compare(stage: Stage, row: Comparison & Duration): Promise<Outcome[]> {
  const outcomes = row.scenarios.map((scenario) => ({
    ours: row.ours,
    peer: row.peer,
    scenario,
    rounds: [] as Round[],
  }));
  for (const [life, rounds] of sharesOf(row.rounds, LIVES).entries()) {
    const pair = [await stage.start(contenderNamed(row.ours)), await stage.start(contenderNamed(row.peer))] as const;
    try {
      for (const outcome of outcomes) {
        const load = { scenario: scenarioNamed(outcome.scenario), rounds, seconds: row.seconds, life };
        await checkAnswers(pair, load.scenario);
        outcome.rounds.push(...(await besideIdle(pair, { ...load, run: () => inTurn(pair, load) })));
      }
    } finally {
      await Promise.all(pair.map((server) => server.stop()));
    }
  }
  return outcomes;
}

/** So many rounds in at most so many parts, as even as can be: 9 in 3 are 3, 3 and 3. */
export function sharesOf(rounds: number, parts: number): number[] {
  const count = Math.min(rounds, parts);
  return Array.from({ length: count }, (_, part) => Math.floor((rounds + part) / count));
}

async function checkAnswers(pair: Pair, scenario: Scenario): Promise<void> {
  const [ours, peer] = [await answerTo(scenario, pair[0].port), await answerTo(scenario, pair[1].port)];
  if (!ours.equals(peer)) throw new Error(`The two servers do not answer ${scenario.path} with the same bytes.`);
}

/** The rounds. The order alternates, since whoever comes second meets a warmer machine. */
async function inTurn([ours, peer]: Pair, load: Duration & { scenario: Scenario; life: number }): Promise<Round[]> {
  for (const { port } of [ours, peer]) await measure(port, { scenario: load.scenario, seconds: 1 });
  const rounds: Round[] = [];
  while (rounds.length < load.rounds) {
    const oursFirst = (load.life + rounds.length) % 2 === 0;
    const a = await turnOf(oursFirst ? ours : peer, load);
    const b = await turnOf(oursFirst ? peer : ours, load);
    rounds.push(oursFirst ? { ours: a, peer: b } : { ours: b, peer: a });
  }
  return rounds;
}

async function turnOf(server: Running, load: { scenario: Scenario; seconds: number }): Promise<Turn> {
  const pids = server.pids();
  const beforeMs = cpuMs(pids);
  const measured = await measure(server.port, load);
  return { ...measured, cpuUs: ((cpuMs(pids) - beforeMs) * 1_000) / measured.requests };
}

/** Holds the scenario's idle connections open on both servers meanwhile, and its slow clients busy. Throws when a server closed an idle one. */
async function besideIdle(
  pair: Pair,
  { scenario, run }: { scenario: Scenario; run: () => Promise<Round[]> },
): Promise<Round[]> {
  const held: IdleConnections[] = [];
  const slow: SlowClients[] = [];
  try {
    for (const { port } of pair) slow.push(await startSlowClients(port, scenario.slowClients));
    for (const { port } of pair) held.push(await openIdle(port, scenario.idleConnections));
    const rounds = await run();
    const lost = held.map((connections) => scenario.idleConnections - connections.stillOpen());
    if (lost.some((count) => count > 0)) throw new Error(`Idle connections were closed: ${lost.join(' and ')}.`);
    return rounds;
  } finally {
    for (const connections of held) connections.close();
    for (const clients of slow) clients.stop();
  }
}
