import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Contender, projectFile, type Stage } from './contender.ts';
import { measure } from './load.ts';
import type { Scenario } from './scenarios.ts';
import { hottest, parseProfile } from './self-time.ts';
import { decimal } from './statistics.ts';

const SHOWN_NATIVE = 6;
const SHOWN_FUNCTIONS = 40;
const SHOWN_FILES = 12;

/** Runs the server under load with V8's profiler in its processes and prints where those that answer spend their time. */
export async function profile(
  stage: Stage,
  { contender, scenario, seconds }: { contender: Contender; scenario: Scenario; seconds: number },
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tsunicorn-profile-'));
  const nodeFlags = ['--cpu-prof', '--cpu-prof-interval=100', `--cpu-prof-dir=${folder}`];
  const server = await stage.start(contender, { nodeFlags });
  const pids = server.pids().slice(-contender.processes);
  const { requestsPerSecond } = await measure(server.port, { scenario, seconds });
  await server.stop();
  const files = readdirSync(folder).filter((name) => pids.some((pid) => name.split('.').includes(String(pid))));
  if (files.length === 0) throw new Error(`${contender.title} cannot be profiled: it wrote no profile.`);
  const functions = files.flatMap((name) => parseProfile(JSON.parse(readFileSync(join(folder, name), 'utf8'))));
  const rate = decimal(requestsPerSecond);
  console.log(`\n${contender.title}, ${scenario.id}: ${rate} req/s while profiled (${join(folder, files[0] ?? '')})`);
  // V8's samples favour the moments at which a system call returns: JavaScript is shown by itself too.
  print(hottest(functions, ({ name, place }) => (place === '' ? name : 'JavaScript')).slice(0, SHOWN_NATIVE));
  const script = functions.filter(({ place }) => place !== '');
  console.log('of the time in JavaScript, by function:');
  print(hottest(script, ({ name, place }) => `${name || '(anonymous)'}  ${place}`).slice(0, SHOWN_FUNCTIONS));
  console.log('of the time in JavaScript, by file:');
  print(hottest(script, ({ place }) => place.replace(/:\d+$/, '')).slice(0, SHOWN_FILES));
}

function print(rows: readonly { label: string; percent: number }[]): void {
  const root = projectFile('');
  for (const { label, percent } of rows)
    console.log(`${decimal(percent, 1).padStart(6)} %  ${label.replace(root, '')}`);
}
