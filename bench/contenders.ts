import { existsSync, readdirSync } from 'node:fs';
import { type Contender, projectFile } from './contender.ts';
import { oursCommand, oursUpWhen } from './ours.ts';
import { wsgiContenders } from './wsgi-contenders.ts';

const WORKERS = 2;
const upWhen = /listening on (\d+)/;

const peer = (file: string): string => projectFile(`bench/peers/${file}`);

function ours(
  id: string,
  options: { title: string; processes: number; app: string; flags: readonly string[] },
): Contender {
  const { title, processes, app, flags } = options;
  return {
    id,
    title,
    short: id,
    processes,
    application: 'javascript',
    command: (nodeFlags) => oursCommand(peer(app), { nodeFlags, workers: processes, flags }),
    upWhen: oursUpWhen,
  };
}

function oneProcess(id: string, { title, file }: { title: string; file: string }): Contender {
  return {
    id,
    title,
    short: title,
    processes: 1,
    application: 'javascript',
    command: (nodeFlags) => [process.execPath, ...nodeFlags, peer(file)],
    upWhen,
  };
}

const pm2: Contender = {
  ...oneProcess('pm2', { title: 'PM2 cluster mode', file: 'node-http.mjs' }),
  processes: WORKERS,
  command: () => [
    process.execPath,
    peer('node_modules/pm2/bin/pm2-runtime'),
    ...['start', peer('node-http.mjs'), '-i', String(WORKERS)],
  ],
  env: { PM2_DISABLE_VERSION_CHECK: 'true' },
  homeVariable: 'PM2_HOME',
  upTimes: WORKERS,
};

/** Every server that can be measured. */
export const contenders: readonly Contender[] = [
  ours('fetch', {
    title: 'tsunicorn (fetch)',
    processes: 1,
    app: 'fetch-app.mjs',
    flags: ['--interface', 'fetch'],
  }),
  ours('node', {
    title: 'tsunicorn (node)',
    processes: WORKERS,
    app: 'listener-app.mjs',
    flags: ['--interface', 'node'],
  }),
  oneProcess('bare', { title: 'bare node:http', file: 'node-http.mjs' }),
  oneProcess('hono', { title: '@hono/node-server', file: 'hono.mjs' }),
  oneProcess('srvx', { title: 'srvx', file: 'srvx.mjs' }),
  {
    ...oneProcess('bun', { title: 'Bun.serve', file: 'bun.mjs' }),
    command: () => [bunProgram(), peer('bun.mjs')],
  },
  {
    ...oneProcess('cluster', { title: 'node:cluster', file: 'node-cluster.mjs' }),
    processes: WORKERS,
    env: { WORKERS: String(WORKERS) },
    upTimes: WORKERS,
  },
  pm2,
  ...wsgiContenders,
];

/** The contender of that name. Throws with the names that there are. */
export function contenderNamed(id: string): Contender {
  const contender = contenders.find((candidate) => candidate.id === id);
  if (contender !== undefined) return contender;
  throw new Error(`There is no server "${id}". There are: ${contenders.map((one) => one.id).join(', ')}.`);
}

/** Bun's program in the package for this platform: its own launcher is only there after an install script, which npm need not run. */
export function bunProgram(): string {
  const folder = peer('node_modules/@oven');
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const program = names.map((name) => `${folder}/${name}/bin/bun`).find((path) => existsSync(path));
  if (program !== undefined) return program;
  throw new Error('Bun has no program for this platform. Leave it out: --peers with the other names.');
}
