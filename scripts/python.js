// Makes a virtual environment of Python from a list of packages, once, and again when the list changes: `node scripts/python.js [FOLDER
// REQUIREMENTS]`; without arguments the one that the tests use. Only tests and benchmarks call it: the server itself needs no package.
// Where it cannot be made, that is said in one line, the line is left in FOLDER/why-not for those who must do without, and the exit code is 1.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST = '3.11';
const PATIENCE_MS = 300_000;
const REPORT_EVERY_MS = 30_000;
const root = fileURLToPath(new URL('..', import.meta.url));
const [folder = '.venv', requirements = 'test/python/requirements.txt'] = process.argv.slice(2);
const venv = join(root, folder);
const program = join(venv, 'bin/python');
const stamp = join(venv, '.setup-stamp');
/** The interpreter that it is made with. */
const base = process.env.TSUNICORN_TEST_PYTHON ?? 'python3';
const state = createHash('sha256')
  .update(`${base}\0`)
  .update(readFileSync(join(root, requirements)))
  .digest('hex');
const startedMs = performance.now();

if (await isThere()) process.exit(0);
rmSync(venv, { recursive: true, force: true });
process.stderr.write(`Installing Python packages into ${folder} … `);
const working = setInterval(() => process.stderr.write(`${seconds()} s … `), REPORT_EVERY_MS);
const fault = await make();
clearInterval(working);
if (fault !== null) {
  rmSync(venv, { recursive: true, force: true });
  mkdirSync(venv);
  writeFileSync(join(venv, 'why-not'), fault);
  process.stderr.write(`not done: ${fault}\n`);
  process.exit(1);
}
writeFileSync(stamp, state);
process.stderr.write(`done in ${seconds()} s\n`);

/** Whether it was made of just this list, and its interpreter still runs: it is a link to one that may have been removed. */
async function isThere() {
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== state) return false;
  return (await run(program, ['-c', ''])).status === 0;
}

/** Why it could not be made, in one line, or null. */
async function make() {
  const created = await run(base, ['-m', 'venv', venv]);
  if (created.error?.code === 'ENOENT') return `there is no ${base}; install Python ${OLDEST} or newer`;
  if (created.status !== 0)
    return `"${base} -m venv" failed: ${lastWords(created)} (Debian: apt-get install python3-venv)`;
  const { output: version } = await run(program, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']);
  if (Number(version.split('.')[1]) < Number(OLDEST.split('.')[1])) {
    return `${base} is Python ${version.trim()}, and the packages need ${OLDEST} or newer`;
  }
  const options = ['--quiet', '--no-input', '--disable-pip-version-check', '--retries', '2', '--timeout', '20'];
  const installed = await run(program, ['-m', 'pip', 'install', ...options, '-r', join(root, requirements)]);
  if (installed.isLate) return `pip took more than ${PATIENCE_MS / 1000} s`;
  if (installed.status !== 0) return `pip could not install ${requirements}: ${lastWords(installed)}`;
  return null;
}

/** Runs a program with what is left of the patience, and takes what it printed. What it started is ended with it. */
function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let output = '';
    let isLate = false;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    const end = () => process.kill(-child.pid, 'SIGKILL');
    const stop = () => {
      end();
      process.exit(130);
    };
    const leftMs = Math.max(1_000, PATIENCE_MS - (performance.now() - startedMs));
    const timer = setTimeout(() => {
      isLate = true;
      end();
    }, leftMs);
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop);
    const settle = (status, error) => {
      clearTimeout(timer);
      for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, stop);
      resolve({ status, error, output, isLate });
    };
    child.once('error', (error) => settle(null, error));
    child.once('close', (status) => settle(status));
  });
}

/** The line that most probably says what was wrong: pip begins it with ERROR, Python ends with it. */
function lastWords({ output, error }) {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('[notice]'));
  return (
    lines.findLast((line) => line.startsWith('ERROR')) ??
    lines.at(-1) ??
    error?.message ??
    'it said nothing'
  ).trim();
}

function seconds() {
  return ((performance.now() - startedMs) / 1_000).toFixed(0);
}
