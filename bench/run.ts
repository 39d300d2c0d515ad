import { type Contender, projectFile, start } from './contender.ts';
import { measure, requireWrk } from './load.ts';
import { format, summarize } from './statistics.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 31);
// Many short rounds: what the machine does meanwhile changes within seconds, and a pair should meet the same mood.
const SECONDS = Number(process.env.SECONDS ?? 1);
const STARTS = 7;
const CONNECTIONS = 32;
const WORKERS = 2;

const hello = projectFile('bench/peers/hello.mjs');
const tsunicorn: Contender = {
  name: 'tsunicorn',
  command: [
    process.execPath,
    projectFile('dist/bin.js'),
    ...['--workers', String(WORKERS), '--bind', '127.0.0.1:0', '--log-format', 'json', hello],
  ],
  upWhen: /"server\.ready"/,
};
const cluster: Contender = {
  name: 'node:cluster',
  command: [process.execPath, projectFile('bench/peers/cluster.mjs')],
  env: { WORKERS: String(WORKERS) },
  upWhen: /listening on (\d+)/,
};
const bare: Contender = {
  name: 'bare node:http',
  command: [process.execPath, projectFile('bench/peers/bare.mjs')],
  upWhen: /listening on (\d+)/,
};

requireWrk();
await compareThroughput(tsunicorn, cluster);
await compareWorker();

/** The two in turn, both running all the time, so that the machine's moods meet them alike. */
async function compareThroughput(ours: Contender, peer: Contender): Promise<void> {
  const [first, second] = [await start(ours), await start(peer)];
  const rates: { ours: number; peer: number }[] = [];
  try {
    for (const { port } of [first, second]) measure(port, { seconds: 2, connections: CONNECTIONS });
    for (let round = 0; round < ROUNDS; round += 1) {
      const load = { seconds: SECONDS, connections: CONNECTIONS };
      // The order alternates too: whoever comes second meets a warmer machine.
      const oursFirst = round % 2 === 0;
      const a = measure(oursFirst ? first.port : second.port, load);
      const b = measure(oursFirst ? second.port : first.port, load);
      rates.push(oursFirst ? { ours: a, peer: b } : { ours: b, peer: a });
      process.stderr.write(`round ${round + 1} of ${ROUNDS}\r`);
    }
  } finally {
    await Promise.all([first.stop(), second.stop()]);
  }
  console.log(
    `'hello world', ${WORKERS} workers, ${CONNECTIONS} connections, ${ROUNDS} rounds of ${SECONDS} s in turn, Node ${process.version}`,
  );
  console.log(`  ${ours.name.padEnd(14)} ${format(summarize(rates.map((rate) => rate.ours)))} req/s`);
  console.log(`  ${peer.name.padEnd(14)} ${format(summarize(rates.map((rate) => rate.peer)))} req/s`);
  console.log(`  ratio          ${format(summarize(rates.map((rate) => rate.ours / rate.peer)), 2)}`);
}

/** What a worker costs beside a bare process that runs the same listener: time until it answers, and memory before the first request. */
async function compareWorker(): Promise<void> {
  const readyMs: number[] = [];
  const workerMiB: number[] = [];
  const masterMiB: number[] = [];
  const bareMs: number[] = [];
  const bareMiB: number[] = [];
  for (let round = 0; round < STARTS; round += 1) {
    const server = await start(tsunicorn);
    const process = await start(bare);
    const [master = Number.NaN, ...workers] = server.memoryMiB();
    masterMiB.push(master);
    workerMiB.push(...workers);
    readyMs.push(server.startedInMs);
    bareMs.push(process.startedInMs);
    bareMiB.push(...process.memoryMiB());
    await Promise.all([server.stop(), process.stop()]);
  }
  console.log(
    `start to ready: server with ${WORKERS} workers ${format(summarize(readyMs))} ms, bare process ${format(summarize(bareMs))} ms`,
  );
  console.log(
    `memory at rest: worker ${format(summarize(workerMiB), 1)} MiB, master ${format(summarize(masterMiB), 1)} MiB, bare process ${format(summarize(bareMiB), 1)} MiB`,
  );
}
