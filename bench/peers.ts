import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { projectFile } from './contender.ts';

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
