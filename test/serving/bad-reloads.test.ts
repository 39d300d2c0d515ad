import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server as NetServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { fetchText } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type Load, type LoadReport, startLoad } from '../support/load.ts';
import { fewestReady, mostServing } from '../support/pool-history.ts';
import { reload } from '../support/reload.ts';
import { scratch } from '../support/scratch.ts';
import { fixture, type LogEventName, type LogLine, type Server, startServer } from '../support/server.ts';

const WORKERS = 2;
const CLIENTS = { keepAlive: 6, newConnections: 3 };
const PAUSE_MS = 5;
/** The clients go on for as many answers more after the bad reload, each kind. */
const ANSWERS_AFTER = 50;

interface Loads {
  readonly keepAlive: Load;
  readonly newConnections: Load;
}

interface Reports {
  readonly keepAlive: LoadReport;
  readonly newConnections: LoadReport;
}

/** The config file of a server that serves; `changes` replace or add settings. */
function configOf(changes: Readonly<Record<string, unknown>> = {}): string {
  const good = { bind: '127.0.0.1:0', app: fixture('apps/hello.mjs'), workers: WORKERS, settleTime: 0 };
  return `export default ${JSON.stringify({ ...good, ...changes })};`;
}

function startLoads({ port }: Server): Loads {
  const common = { target: { host: '127.0.0.1', port }, pauseMs: PAUSE_MS };
  return {
    keepAlive: startLoad({ ...common, connections: CLIENTS.keepAlive, mode: 'keep-alive' }),
    newConnections: startLoad({ ...common, connections: CLIENTS.newConnections, mode: 'new-connection' }),
  };
}

async function answersMore({ keepAlive, newConnections }: Loads, count: number): Promise<void> {
  for (const load of [keepAlive, newConnections]) {
    const before = load.report().ok;
    await eventually(() => load.report().ok >= before + count, { until: `${count} more answers` });
  }
}

/** What a bad reload leads to. */
interface Badness {
  readonly config: string;
  readonly outcome: 'reload.failed' | 'reload.aborted';
  /** What the log says of the reason. */
  readonly why: RegExp;
  /** Whatever else is logged as an error. */
  readonly also?: readonly LogEventName[];
  /** What differs in the configuration that is in force. */
  readonly inForce?: Readonly<Record<string, unknown>>;
}

/** Reloads once under load; the old workers must serve on, and nothing else may run. */
async function reloadBadly({ config, outcome, why, also = [], inForce = {} }: Badness): Promise<Reports> {
  const server = await startServer({ config: configOf(inForce) });
  const workers = server.workers();
  const loads = startLoads(server);
  await answersMore(loads, 1);
  server.writeConfig(config);
  const line = await reload(server, outcome);
  expect(told(line)).to.match(why);
  await eventually(() => server.workers().length === WORKERS, { until: 'only the old workers are left' });
  expect(server.workers()).to.deep.equal(workers);
  await answersMore(loads, ANSWERS_AFTER);
  const [keepAlive, newConnections] = await Promise.all([loads.keepAlive.stop(), loads.newConnections.stop()]);
  expect((await fetchText(server.url, { path: '/' })).text).to.equal('hello from hello.mjs\n');
  await server.stop({ expectErrors: [outcome, ...also] });
  expect(fewestReady(server.log)).to.equal(WORKERS);
  expect(mostServing(server.log)).to.be.at.most(WORKERS + 1);
  return { keepAlive, newConnections };
}

function told({ msg, faults = [] }: LogLine): string {
  return [msg, ...faults].join('\n');
}

function expectNothingLost({ keepAlive, newConnections }: Reports): void {
  for (const { lost, non2xx } of [keepAlive, newConnections]) {
    expect(lost).to.deep.equal([]);
    expect(non2xx).to.equal(0);
  }
}

/** An address that cannot be bound: privileged, or, where everything is allowed, none of this machine's (RFC 5737). */
function forbiddenAddress(): string {
  const lowest = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
  return process.getuid?.() !== 0 && lowest > 80 ? '127.0.0.1:80' : '192.0.2.1:80';
}

describe('a bad reload under load', () => {
  const files = scratch();

  const tooLong = /still being evaluated after 3 s \(bootTimeout\)/;
  const faultyFiles: readonly [what: string, config: string, why: RegExp, inForce?: object][] = [
    ['has a syntax error', 'export default { workers: ', /tsunicorn\.conf\.ts: Unexpected token \(\S+:1:\d+\)/],
    ['has an unknown key', configOf({ max_requests: 5 }), /Unknown setting "max_requests".*"maxRequests"/],
    [
      'has a value of a wrong type',
      configOf({ workers: 'many' }),
      /"workers" must be .* or "auto".*"many" \(a string\)/,
    ],
    ['throws', `throw new Error('no database'); ${configOf()}`, /no database \(\S+:1\)/],
    ['loops for ever', `while (true); ${configOf()}`, tooLong, { bootTimeout: 3 }],
    ['waits for ever', `await new Promise(() => {}); ${configOf()}`, tooLong, { bootTimeout: 3 }],
    ['ends the process', `process.exit(5); ${configOf()}`, /ended the process .*\(exit code 5\).*process\.exit/],
    [
      'throws where nobody catches it',
      `setImmediate(() => { throw new Error('late'); }); await new Promise(() => {}); ${configOf()}`,
      /ended the process .*\(exit code \d\).*throws/,
    ],
  ];
  for (const [what, config, why, inForce = {}] of faultyFiles) {
    it(`M6: is refused when the config file ${what}`, async () => {
      expectNothingLost(await reloadBadly({ config, outcome: 'reload.failed', why, inForce: { ...inForce } }));
    });
  }

  it('M8: is refused when the address is taken', async () => {
    const owner: NetServer = createServer();
    await new Promise<void>((resolve) => owner.listen(0, '127.0.0.1', resolve));
    try {
      const bind = `127.0.0.1:${Object(owner.address()).port}`;
      const why = new RegExp(bind.replaceAll('.', '\\.'));
      expectNothingLost(await reloadBadly({ config: configOf({ bind }), outcome: 'reload.failed', why }));
    } finally {
      owner.close();
    }
  });

  it('M8: is refused when the address may not be bound', async () => {
    const bind = forbiddenAddress();
    const why = new RegExp(bind.replaceAll('.', '\\.'));
    expectNothingLost(await reloadBadly({ config: configOf({ bind }), outcome: 'reload.failed', why }));
  });

  const brokenApplications: readonly [what: string, app: string, why: RegExp, also: LogEventName, changes?: object][] =
    [
      ['has a syntax error', 'syntax.mjs', /syntax[._]mjs[\s\S]*SyntaxError/, 'worker.bootFailed'],
      [
        'misses a module',
        'missing-package.mjs',
        /a-package-that-nobody-installed|nothing_that_is_installed/,
        'worker.bootFailed',
      ],
      ['hangs at boot', 'hangs.mjs', /not ready within 1 s \(bootTimeout\)/, 'worker.bootTimeout', { bootTimeout: 1 }],
    ];
  for (const [what, app, why, also, changes] of brokenApplications) {
    it(`M7: is aborted when the application ${what}`, async () => {
      const config = configOf({ app: fixture(`broken/${app}`), ...changes });
      expectNothingLost(await reloadBadly({ config, outcome: 'reload.aborted', why, also: [also] }));
    });
  }

  // A Python application that ends takes its process along, not the worker.
  const endsWorker = !['wsgi', 'flask'].includes(process.env.TSUNICORN_TEST_INTERFACE ?? '');
  if (endsWorker) {
    it('M7: is aborted when the application dies half a second after it was ready', async () => {
      writeFileSync(files.path('death'), '500');
      const env = { DEATH_FILE: files.path('death') };
      const config = configOf({ app: fixture('apps/dies-as-told.mjs'), env, settleTime: 1.5 });
      const why = /exited with code 7 within "settleTime"/;
      expectNothingLost(await reloadBadly({ config, outcome: 'reload.aborted', why, also: ['worker.crashed'] }));
    });
  }
});

describe('a config file that loops for ever', () => {
  it('M6: keeps nobody from stopping the server, and outlives it by no more than a moment', async () => {
    const server = await startServer({ config: configOf() });
    const looping = join(server.dir, 'looping');
    const loop = `(await import('node:fs')).writeFileSync(${JSON.stringify(looping)}, ''); while (true);`;
    server.writeConfig(`${loop} ${configOf()}`);
    server.signal('SIGHUP');
    await server.event('reload.started');
    await eventually(() => existsSync(looping), { until: 'the file loops' });
    await server.stop({ timeoutMs: 2_500 });
  });
});
