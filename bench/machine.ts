import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, cpus, release, totalmem, type } from 'node:os';
import { projectFile } from './contender.ts';
import { bunProgram } from './contenders.ts';
import { wrkVersion } from './load.ts';
import { pythonPeerVersions } from './peers.ts';

/** What a figure depends on, as the run found it: rows of a name and a value. */
export type Facts = readonly (readonly [name: string, value: string])[];

/** The machine and the versions of all that took part. Throws when wrk or a peer is missing. */
export function factsOfThisRun(): Facts {
  const processors = cpus();
  return [
    ['date', new Date().toISOString().slice(0, 10)],
    ['processors', `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown'} (${arch()})`],
    ['memory', `${(totalmem() / 2 ** 30).toFixed(1)} GiB`],
    ['system', `${type()} ${release()}`],
    ['load generator', `wrk ${wrkVersion()}`],
    ['Node.js', process.version],
    ['tsunicorn', `${versionIn('package.json')}${commit()}`],
    ...['@hono/node-server', 'srvx', 'pm2'].map(
      (name) => [name, versionIn(`bench/peers/node_modules/${name}/package.json`)] as const,
    ),
    ...pythonPeerVersions(),
    ['Bun', spawnSync(bunProgram(), ['--version'], { encoding: 'utf8' }).stdout.trim()],
  ];
}

function versionIn(path: string): string {
  const manifest: unknown = JSON.parse(readFileSync(projectFile(path), 'utf8'));
  const version = typeof manifest === 'object' && manifest !== null ? Reflect.get(manifest, 'version') : undefined;
  return String(version ?? 'of unknown version');
}

/** The commit that was measured; nothing where there is no git or no repository. */
export function commit(): string {
  const git = (...args: string[]) => spawnSync('git', args, { cwd: projectFile(''), encoding: 'utf8' });
  const { status, stdout } = git('rev-parse', '--short', 'HEAD');
  if (status !== 0) return '';
  const changed = git('status', '--porcelain', '--', 'src', 'bench').stdout !== '';
  return `, commit ${stdout.trim()}${changed ? ' with uncommitted changes' : ''}`;
}
