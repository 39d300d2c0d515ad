// Brings a checkout to the point where it runs: installs what the lockfile says, builds what the sources say. Plain JavaScript, since
// nothing is installed yet when it starts; it does nothing, quickly, when nothing changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const installStamp = join(root, 'node_modules/.setup-stamp');
const buildStamp = join(root, 'dist/.setup-stamp');

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(`tsunicorn needs Node.js 20.19 or newer, and this is ${process.version}. Install a newer one and try again.`);
}
step(installStamp, ['package.json', 'package-lock.json'], 'Installing packages', () =>
  run('npm', ['ci', '--no-progress']),
);
step(buildStamp, ['tsconfig.json', 'tsconfig.build.json', ...sources('src', /\.(ts|py)$/)], 'Building', () => {
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json']);
  // What Python runs lies beside the module that starts it.
  for (const file of sources('src', /\.py$/)) copyFileSync(join(root, file), join(root, file.replace(/^src/, 'dist')));
});

/** Runs `action` unless the stamp says that it was done for just these files. */
function step(stamp, files, title, action) {
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(root, file)))
      .update('\0');
  const state = hash.digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === state) return;
  const startedMs = performance.now();
  process.stderr.write(`${title} … `);
  action();
  writeFileSync(stamp, state);
  process.stderr.write(`done in ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`);
}

function sources(directory, wanted) {
  return readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
    .filter((file) => wanted.test(file))
    .map((file) => join(directory, file))
    .sort();
}

function run(command, args) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  if (status === 0) return;
  process.stderr.write(`failed\n${stdout ?? ''}${stderr ?? ''}`);
  fail(
    `"${command} ${args.join(' ')}" failed${error === undefined ? '' : `: ${error.message}`}. Mend what it says above and try again.`,
  );
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
