import { spawnSync } from 'node:child_process';
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { StartedAs } from '../../src/os/started-as.ts';
import { scratch } from '../support/scratch.ts';

const module = fileURLToPath(new URL('../../dist/os/started-as.js', import.meta.url));

describe('startedAs', () => {
  const files = scratch();
  const release = () => join(files.path('current'), 'tell.mjs');

  beforeEach(() => {
    mkdirSync(files.path('1'));
    symlinkSync('1', files.path('current'));
    symlinkSync(process.execPath, files.path('node'));
    writeFileSync(
      files.path('1/tell.mjs'),
      `import { startedAs } from ${JSON.stringify(module)};
       process.stdout.write(JSON.stringify(startedAs(process.argv.slice(2))));`,
    );
  });

  /** As a shell would: with `PWD` as it was typed, and argv[0] as well. */
  function tell(options: {
    command?: string;
    argv0?: string;
    script?: string;
    PWD?: string;
    PATH?: string;
  }): StartedAs {
    const { command = process.execPath, argv0 = command, script = release(), PWD = files.path(), PATH = '' } = options;
    const { stdout, stderr } = spawnSync(command, [script, '--workers', '2'], {
      ...{ argv0, cwd: PWD, env: { PWD, PATH, MARK: 'kept' }, encoding: 'utf8' },
    });
    expect(stderr).to.equal('');
    return JSON.parse(stdout) as StartedAs;
  }

  it('keeps the paths as they were typed', () => {
    const node = files.path('node');
    expect(tell({ command: node })).to.include({ node, script: release(), cwd: files.path() });
    expect(tell({ command: node })).to.deep.include({ args: ['--workers', '2'] });
    expect(tell({}).env).to.include({ MARK: 'kept' });
  });

  it('finds the node that PATH led to, and a relative one from where it was started', () => {
    const node = files.path('node');
    const PATH = `${files.path('1')}:${dirname(node)}`;
    expect(tell({ command: node, argv0: 'node', PATH }).node).to.equal(node);
    expect(tell({ command: node, argv0: './node' }).node).to.equal(node);
  });

  it('falls back on what runs where the name leads nowhere or elsewhere', () => {
    writeFileSync(files.path('1/node'), '');
    expect(tell({ argv0: 'node', PATH: files.path('1') }).node).to.equal(process.execPath);
    expect(tell({ argv0: 'a title' }).node).to.equal(process.execPath);
  });

  it('keeps the link to a release in the working directory and in a script below it', () => {
    const PWD = files.path('current');
    const told = tell({ PWD, script: 'tell.mjs' });
    expect(told).to.include({ cwd: PWD, script: release() });
    expect(realpathSync(told.script)).to.equal(realpathSync(files.path('1/tell.mjs')));
  });
});
