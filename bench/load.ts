import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { projectFile } from './contender.ts';
import type { Scenario } from './scenarios.ts';
import { type Measured, parseWrk } from './wrk-output.ts';

/** What wrk may take longer than it was told. */
const LATE_S = 10;

/** The version of the load generator. Throws with the repair when it is not installed. */
export function wrkVersion(): string {
  const { stdout, error } = spawnSync('wrk', ['--version'], { encoding: 'utf8' });
  if (error === undefined) return /^wrk (\S+)/m.exec(stdout)?.[1] ?? 'of unknown version';
  throw new Error(
    'The benchmarks need wrk. Install it (Debian: apt-get install wrk; macOS: brew install wrk) and try again.',
  );
}

/** Lets wrk ask for `seconds` (whole ones). Throws when an answer was missing or no 2xx, but beside slow clients. */
export async function measure(
  port: number,
  { scenario, seconds }: { scenario: Scenario; seconds: number },
): Promise<Measured> {
  const script = scenario.requestBytes > 0 ? ['-s', projectFile('bench/echo.lua')] : [];
  const size = ['-t1', `-c${scenario.busyConnections}`, `-d${seconds}s`, '--latency'];
  const wrk = spawn('wrk', [...size, ...script, `http://127.0.0.1:${port}${scenario.path}`], {
    env: { ...process.env, BODY_BYTES: String(scenario.requestBytes) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = () => wrk.kill();
  process.once('exit', end);
  // A server whose queue is full lets it try to connect for minutes.
  const late = setTimeout(end, (seconds + LATE_S) * 1_000);
  const beganMs = performance.now();
  const [output, complaints] = await Promise.all([text(wrk.stdout), text(wrk.stderr), once(wrk, 'close')]);
  clearTimeout(late);
  process.off('exit', end);
  const forgives = scenario.slowClients > 0 ? { ranForMs: performance.now() - beganMs } : null;
  return parseWrk(`${output}${complaints}`, forgives);
}

/** Asks once and returns the body. Throws when the answer is not what the scenario expects. */
export async function answerTo(scenario: Scenario, port: number): Promise<Buffer> {
  const sent = Buffer.alloc(scenario.requestBytes, 'x');
  const method = sent.length > 0 ? 'POST' : 'GET';
  const message = request({ host: '127.0.0.1', port, path: scenario.path, method, agent: false });
  message.end(sent);
  const [response]: IncomingMessage[] = await once(message, 'response');
  const pieces: Buffer[] = [];
  for await (const piece of response ?? []) pieces.push(piece);
  const body = Buffer.concat(pieces);
  const whole = scenario.answerBytes === undefined || body.length === scenario.answerBytes;
  const echoed = sent.length === 0 || sent.equals(body);
  if (response?.statusCode === 200 && whole && echoed) return body;
  throw new Error(
    `${scenario.path} answered ${response?.statusCode} with ${body.length} bytes; expected were 200 and ${scenario.answerBytes ?? 'some'}.`,
  );
}
