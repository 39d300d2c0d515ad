// Runs the tests: everything, or one kind by name. Arguments after the kind go to mocha, e.g. `node scripts/test.js integration --grep HUP`.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const serving = (...names) => names.map((name) => `test/serving/${name}.test.ts`);
const without = (...globs) => globs.flatMap((glob) => ['--ignore', glob]);
const as = (name) => ({ TSUNICORN_TEST_INTERFACE: name });
const aboutPrivileges = ['daemon', 'handed-over', 'paths', 'privileges', 'trusted-config', 'unix-socket-faults'].map(
  (name) => `test/integration/${name}.test.ts`,
);
const aboutPython = 'test/integration/wsgi-*.test.ts';
const aboutSystemd = ['systemd', 'notify'].map((name) => `test/integration/${name}.test.ts`);
const aboutReloads = serving('bad-reloads', 'reload-bind');
const aboutStuckWorkers = 'test/integration/stuck-workers.test.ts';
const aboutRecycling = ['recycling', 'crash-loop'].map((name) => `test/integration/${name}.test.ts`);
const faultsOfPython = ['faults', 'memory', 'processes', 'zygote'].map(
  (name) => `test/integration/wsgi-${name}.test.ts`,
);
const faultsThatTakeLong = ['boot', 'clock', 'worker-deaths'].map((name) => `test/faults/${name}.test.ts`);
const kinds = {
  unit: { files: ['test/unit/**/*.test.ts'] },
  compiler: { files: ['test/compiler/**/*.test.ts'] },
  rules: { files: ['test/generated/**/*.test.ts', 'test/rules/**/*.test.ts'] },
  // The unit tests that try random cases once more, with many.
  property: { files: ['test/property/**/*.test.ts', ...randomUnits()], env: { TSUNICORN_UNIT_CASES: '1000' } },
  fuzz: { files: ['test/fuzz/**/*.test.ts'] },
  contract: { files: ['test/contract/**/*.test.ts', ...without('test/contract/*-wsgi.test.ts')] },
  integration: {
    files: [
      ...['test/integration/**/*.test.ts', 'test/serving/**/*.test.ts'],
      ...without(aboutPython, 'test/serving/tls.test.ts', aboutStuckWorkers, ...aboutPrivileges),
      ...without(...aboutReloads, ...aboutSystemd, ...aboutRecycling),
    ],
  },
  reloads: { files: aboutReloads },
  stuck: { files: [aboutStuckWorkers] },
  // A worker that has given up root reads the server as another user.
  privileges: { files: aboutPrivileges, inTheOpen: true },
  python: { files: [aboutPython, ...without(...faultsOfPython)], needsPython: true },
  // What clients see, once more with the twins of the applications in test/fixtures/apps.
  fetch: { files: serving('drain', 'reload', 'workers'), env: as('fetch') },

  tls: { files: serving('tls') },
  upgrade: { files: ['test/upgrade/**/*.test.ts'] },
  recycling: { files: aboutRecycling },
  systemd: { files: aboutSystemd },
  faults: { files: [...faultsOfPython, 'test/contract/*-wsgi.test.ts'], needsPython: true },
  // A row of the list of faults each, named by its id; test/rules/faults.test.ts says where the others are.
  faultRows: { files: ['test/faults/**/*.test.ts', ...without(...faultsThatTakeLong)] },
  longFaultRows: { files: faultsThatTakeLong },
  fetchAll: {
    files: [
      'test/integration/**/*.test.ts',
      'test/serving/**/*.test.ts',
      ...without(aboutPython, aboutStuckWorkers, ...aboutSystemd, ...aboutPrivileges),
    ],
    env: as('fetch'),
  },
  wsgi: { files: ['test/serving/**/*.test.ts'], env: as('wsgi'), needsPython: true },
  flask: { files: serving('drain', 'reload', 'reload-load', 'workers'), env: as('flask'), needsPython: true },
  soakServers: { files: ['test/soak/**/*.test.ts'] },
  soakCases: {
    files: ['test/property/**/*.test.ts', 'test/fuzz/**/*.test.ts'],
    env: { TSUNICORN_POOL_HISTORIES: '100000', TSUNICORN_FUZZ_CASES: '500000' },
  },
};
/** One stage after the other; the kinds of a stage at the same time, as the tests of real servers spend most of theirs waiting. */
const sets = {
  all: [['unit'], ['compiler', 'rules'], ['property', 'fuzz'], ['integration', 'python', 'contract', 'fetch']],
  // The servers first: half a million connections of the cases leave no port for a while.
  soak: [['soakServers'], ['soakCases']],
  // What "npm test" has no time for; CI has.
  rest: [
    ['tls', 'recycling', 'faults', 'systemd', 'stuck'],
    ['privileges', 'upgrade', 'reloads'],
    ['wsgi', 'flask'],
    ['fetchAll'],
    ['faultRows', 'longFaultRows'],
  ],
};

const [kind = 'all', ...rest] = process.argv.slice(2);
if (kind === 'coverage') process.exit(withCoverage());
const stages = sets[kind] ?? [[kind]];
for (const name of stages.flat()) {
  if (!(name in kinds)) {
    console.error(
      `There are no "${name}" tests. There are: ${[...Object.keys(sets), ...Object.keys(kinds)].join(', ')}, coverage.`,
    );
    process.exit(2);
  }
}
if (stages.flat().some((name) => kinds[name].needsPython)) preparePython();
for (const stage of stages) {
  const outcomes = await Promise.all(stage.map((name) => run(name, { alone: stage.length === 1 })));
  const failed = outcomes.filter(({ status }) => status !== 0);
  if (failed.length === 0) continue;
  for (const { output } of failed) process.stdout.write(output);
  process.exit(failed[0].status);
}

/**
 * Runs one kind. Of several at once each prints what it has to say when it is done, so that nothing is mixed; what has failed comes back
 * to be printed when all are done, where it is seen.
 */
async function run(name, { alone }) {
  const startedMs = performance.now();
  if (!alone) console.log(`${name} tests: running`);
  const { status, output } = await mocha(name, alone ? 'inherit' : 'pipe');
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  const verdict = `${name} tests: ${status === 0 ? 'passed' : 'FAILED'} in ${seconds} s\n`;
  console.log(status === 0 ? `${output}${verdict}` : verdict);
  return { status, output };
}

function mocha(name, stdio) {
  const { files, env = {}, inTheOpen = false } = kinds[name];
  const child = spawn(process.execPath, ['node_modules/mocha/bin/mocha.js', ...files, ...rest], {
    cwd: inTheOpen ? openPlace() : root,
    stdio: ['inherit', stdio, stdio],
    env: { ...process.env, ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  return new Promise((resolve) => child.once('close', (code) => resolve({ status: code ?? 1, output })));
}

/** The repository itself, where every user may read it, or else a copy for the time of this run. */
function openPlace() {
  const above = (path) => (dirname(path) === path ? [path] : [path, ...above(dirname(path))]);
  const program = join(root, 'dist/bin.js');
  const isOpen = (statSync(program).mode & 0o004) !== 0 && above(dirname(program)).every(isEntered);
  if (isOpen || process.getuid?.() !== 0) return root;
  const place = mkdtempSync(join(tmpdir(), 'tsunicorn-open-'));
  process.once('exit', () => rmSync(place, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  console.log(`Other users may not read ${root}: running in a copy.`);
  cpSync(root, place, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('/.git') });
  spawnSync('chmod', ['-R', 'go+rX', place]);
  return place;
}

function isEntered(directory) {
  return (statSync(directory).mode & 0o001) !== 0;
}

function randomUnits() {
  return readdirSync(join(root, 'test/unit'), { recursive: true })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `test/unit/${file}`)
    .filter((file) => readFileSync(join(root, file), 'utf8').includes('/support/random.ts'));
}

/** Makes the virtual environment of test/support/python.ts, or says why not: the tests that need it are pending then. */
function preparePython() {
  spawnSync(process.execPath, ['scripts/python.js'], { cwd: root, stdio: 'inherit' });
}

/** Every process that the tests start writes what it ran; the built files are counted for the sources they were built from. */
function withCoverage() {
  const watched = ['src/master', 'src/config', 'src/listener'];
  const c8 = [
    'node_modules/c8/bin/c8.js',
    '--all',
    '--src',
    'src',
    ...watched.flatMap((path) => ['--include', `${path}/**`]),
  ];
  const check = [
    '--exclude-after-remap',
    '--check-coverage',
    '--lines',
    '90',
    '--functions',
    '0',
    '--branches',
    '0',
    '--statements',
    '0',
  ];
  const report = [
    // Short, as it comes behind what the tests say; every file's figures are in the HTML report.
    '--reporter',
    'text-summary',
    '--reporter',
    'html',
    '--reports-dir',
    'coverage',
    '--temp-directory',
    'coverage/tmp',
  ];
  return node([...c8, ...check, ...report, process.execPath, 'scripts/test.js', 'all', ...rest]);
}

function node(args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  return status ?? 1;
}
