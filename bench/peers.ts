import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { projectFile } from './contender.ts';
import { pythonOfPeers } from './wsgi-contenders.ts';

/** Installs what the peers' lockfile says, unless just that is there. Throws with npm's words when it cannot. */
export function installPeers(): void {
  const folder = projectFile('bench/peers');
  const wanted = readFileSync(`${folder}/package-lock.json`, 'utf8');
  const stamp = `${folder}/node_modules/.setup-stamp`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  process.stderr.write('Installing the servers to compare with (about 130 MB) … ');
  const { status, stdout, stderr } = spawnSync('npm', ['ci', '--no-progress'], { cwd: folder, encoding: 'utf8' });
  if (status !== 0) {
    throw new Error(`"npm ci" in bench/peers failed. Mend what it says and try again.\n${stdout}${stderr}`);
  }
  writeFileSync(stamp, wanted);
  process.stderr.write('done\n');
}

/** The same for the WSGI servers, in a virtual environment, and for the database of their Django application. Throws with the reason when it cannot. */
export function installPythonPeers(): void {
  const script = ['scripts/python.js', 'bench/peers/.venv', 'bench/peers/requirements.txt'];
  const options: SpawnSyncOptions = { cwd: projectFile(''), stdio: ['ignore', 'ignore', 'inherit'] };
  if (spawnSync(process.execPath, script, options).status !== 0) {
    throw new Error(
      'The WSGI servers are not there to be compared with. Mend what is said above, or name other servers with --peers.',
    );
  }
  const env = {
    ...process.env,
    DJANGO_SETTINGS_MODULE: 'bench_settings',
    PYTHONPATH: `${projectFile('bench/peers/wsgi')}:${projectFile('examples/django')}`,
  };
  const prepared = spawnSync(pythonOfPeers(), ['examples/django/manage.py', 'prepare'], { ...options, env });
  if (prepared.status !== 0) throw new Error('The database of the Django application could not be made: see above.');
}

/** The packages that are compared with, as pip names them, with their versions. */
export function pythonPeerVersions(): (readonly [name: string, version: string])[] {
  const program =
    'import importlib.metadata as m, sys; print(sys.version.split()[0], *(m.version(n) for n in sys.argv[1:]))';
  const names = ['gunicorn', 'gunicorn_h1c', 'uWSGI', 'waitress', 'granian', 'Flask', 'Django'];
  const { stdout } = spawnSync(pythonOfPeers(), ['-c', program, ...names], { encoding: 'utf8' });
  const versions = (stdout ?? '').trim().split(' ');
  return ['Python', ...names].map((name, index) => [name, versions[index] || 'of unknown version'] as const);
}
