import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const tests = fileURLToPath(new URL('..', import.meta.url));

/**
 * The rows of the list of faults that are the business of processes: workers (W), the master and its signals (M), places and resources
 * (P), clocks and load (C), and what of security (S) concerns processes. The others are those of clients (N), logs (L) and requests (S2, S6
 * to S8), and of Python processes (W18).
 */
const rows: Readonly<Record<string, string>> = {
  W1: 'SIGKILL of a worker, within a request or idle',
  W2: 'all workers die at once',
  W3: 'SIGSTOP of a worker',
  W4: 'an event loop that is blocked',
  W5: 'an event loop that is busy nine tenths of the time',
  W6: 'memory: a full heap, the OOM killer, maxMemory',
  W7: 'exits and exceptions within a request',
  W8: 'every way not to come up',
  W9: 'a crash loop',
  W10: 'an application that closes the listener, or takes the signals',
  W11: 'a daemon of the application that outlives the server',
  W12: 'a leak of descriptors',
  W13: 'no descriptor or process for a new worker',
  W14: 'a pid that is given to a stranger',
  W15: 'orphans that process 1 adopts',
  W16: 'floods, garbage, and the end of the channel',
  W17: 'maxRequests reached by all at once',
  W19: 'ready that is lost, or believed too soon',
  M1: 'SIGKILL of the master',
  M2: 'SIGSTOP of the master',
  M3: 'TERM, INT, QUIT, once and twice, idle and under load',
  M4: 'HUP under load, and with an application that is slow to boot',
  M5: 'storms of HUP',
  M6: 'HUP with a bad configuration',
  M7: 'HUP with a broken application',
  M8: 'HUP that changes bind',
  M9: 'HUP that changes anything else',
  M10: 'signals that contradict each other',
  M11: 'storms of TTIN and TTOU',
  M12: 'USR1 again and again',
  M13: 'USR2 in all its ways',
  M14: 'WINCH and back',
  M15: 'signals to every process',
  M16: 'signals that Node answers by itself, such as USR1',
  M17: 'an error in the master that nobody catches',
  M18: 'process 1, a read-only root, closed streams, no environment',
  M19: 'a working directory or a release that is replaced',
  M20: 'two servers in one place',
  P1: 'pid files of every kind',
  P2: 'unix sockets of every kind',
  P3: 'addresses that cannot be had',
  P4: 'a temporary directory that takes nothing',
  P5: 'a full spool of uploads',
  C1: 'a clock that jumps',
  C2: 'no names',
  C3: 'a machine that stalls as a whole',
  C4: 'connections that are many, or come and go',
  C5: 'a life of many reloads',
  S1: 'a configuration that others may write',
  S3: 'privileges that are dropped',
  S4: 'a user that is not there',
  S5: 'paths that lead elsewhere',
  S9: 'an environment that somebody prepared',
  S10: 'a worker that belongs to somebody else',
};

/** Rows without a test, each with its reason. */
const notInjected: Readonly<Record<string, string>> = {
  P5: 'no body is written to a disk: what a worker holds of one is bounded in memory (body-memory.ts, test/integration/wsgi-waiting-bodies.test.ts)',
};

/** What of a row that has tests no test injects. */
const notWhole: Readonly<Record<string, string>> = {
  W6: 'the OOM killer itself: it takes a memory cgroup that only root may make; its SIGKILL is what a server sees of it',
  W13: 'ENFILE and ENOMEM: they take the whole machine along; they come the way of EMFILE and EAGAIN, which are injected',
  W14: 'where /proc/sys/kernel/ns_last_pid cannot be written: nobody chooses pids there',
  W15: 'reaping: Node waits for its own children alone, so that zombies of others stay until the server ends (docker run --init)',
  M19: 'a Node binary that is replaced on the disk: the next worker is started from that path, as any program would be',
  P4: 'a disk without inodes: to a process it is a directory that cannot be written',
  C1: 'a wall clock set by the kernel: that is one for the whole machine, and a time namespace has none (time_namespaces(7)); it is shifted in each process',
  C4: 'an hour of churn: ten seconds of it, at the rate that the row asks for',
  C5: 'twenty-four hours: 1000 reloads, one after the other (npm run soak)',
};

/** The ids that begin the titles of tests: `it('W3: …')`, `it('M18, W15: …')`. */
function idsInTitles(): Set<string> {
  const files = readdirSync(tests, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.test.ts'));
  const titles = files.flatMap((path) => [
    ...readFileSync(join(tests, path), 'utf8').matchAll(/\bit\(\s*['"`]([A-Z]\d+(?:, [A-Z]\d+)*):/g),
  ]);
  return new Set(titles.flatMap(([, ids = '']) => ids.split(', ')));
}

describe('the list of faults', () => {
  const tested = idsInTitles();

  it('has a test for each row, or the reason why there is none', () => {
    const missing = Object.keys(rows).filter((id) => !tested.has(id) && notInjected[id] === undefined);
    expect(missing).to.deep.equal([]);
  });

  it('gives a reason only for rows that it has, and none against a test', () => {
    const known = [...Object.keys(notInjected), ...Object.keys(notWhole)];
    expect(known.filter((id) => rows[id] === undefined)).to.deep.equal([]);
    expect(Object.keys(notInjected).filter((id) => tested.has(id))).to.deep.equal([]);
  });
});
