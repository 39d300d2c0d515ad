import { join } from 'node:path';
import { expect } from 'chai';
import { findConfigFile, searchPlaces } from '../../../src/config/config-file.ts';
import { useScratch } from './scratch.ts';
import { thrownBy } from './thrown.ts';

describe('findConfigFile', () => {
  const scratch = useScratch();

  for (const place of searchPlaces) {
    it(`finds ${place} and hands back its path and text`, async () => {
      const text = place === 'package.json' ? '{ "name": "x", "tsunicorn": { "workers": 2 } }' : '/* the text */';
      scratch.write({ [place]: text });
      const file = await findConfigFile(scratch.path, null);
      expect(file).to.deep.equal({ path: join(scratch.path, place), source: text });
    });
  }

  it('finds nothing in an empty directory, in a package.json without our key, or above', async () => {
    scratch.write({ 'tsunicorn.conf.ts': '', 'below/package.json': '{ "name": "x" }' });
    expect(await findConfigFile(join(scratch.path, 'below'), null)).to.equal(null);
  });

  it('prefers tsunicorn.conf.ts to what comes later in the list', async () => {
    scratch.write({ 'tsunicorn.conf.yaml': 'a: 1', '.tsunicornrc': 'a: 1', 'tsunicorn.conf.ts': 'x' });
    expect((await findConfigFile(scratch.path, null))?.path).to.equal(join(scratch.path, 'tsunicorn.conf.ts'));
  });

  it('does not overlook a file because it is empty', async () => {
    scratch.write({ 'tsunicorn.conf.ts': '' });
    expect(await findConfigFile(scratch.path, null)).to.deep.equal({
      path: join(scratch.path, 'tsunicorn.conf.ts'),
      source: '',
    });
  });

  it('says which package.json is broken', async () => {
    scratch.write({ 'package.json': '{ "name": }' });
    const error = await thrownBy(() => findConfigFile(scratch.path, null));
    expect(error).to.include({ code: 'CONFIG_UNREADABLE' });
    expect(error.message).to.include(scratch.path).and.include('JSON');
  });

  it('reads the file that is named, relative to the directory, and no other', async () => {
    scratch.write({ 'tsunicorn.conf.ts': 'wrong', 'conf/prod.ts': 'right' });
    const file = await findConfigFile(scratch.path, 'conf/prod.ts');
    expect(file).to.deep.equal({ path: join(scratch.path, 'conf/prod.ts'), source: 'right' });
  });

  const refused: readonly [name: string, reason: RegExp][] = [
    ['absent.ts', /^Cannot read the config file \S+absent\.ts: there is no such file\. Correct --config\.$/],
    ['conf.toml', /its kind is told by its ending/],
    ['folder.ts', /it is no file/],
  ];
  for (const [name, reason] of refused) {
    it(`refuses ${name}`, async () => {
      scratch.write({ 'folder.ts/x': '', 'conf.toml': '' });
      const error = await thrownBy(() => findConfigFile(scratch.path, name));
      expect(error.code).to.equal('CONFIG_NOT_FOUND');
      expect(error.message).to.match(reason);
    });
  }
});
