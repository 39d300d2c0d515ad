import { expect } from 'chai';
import { sourceOf, sourcePhrase } from '../../../src/config/layer.ts';

describe('sourcePhrase', () => {
  const cases: readonly [source: string, phrase: string][] = [
    [sourceOf.file('/srv/my app/tsunicorn.conf.ts'), 'the file tsunicorn.conf.ts'],
    [sourceOf.environment('PORT'), 'the environment variable PORT'],
    [sourceOf.commandArguments('--workers'), '--workers in the environment variable TSUNICORN_CMD_ARGS'],
    [sourceOf.flag('--workers'), 'the flag --workers'],
    [sourceOf.flag('TARGET'), 'the argument TARGET'],
    [sourceOf.default, 'the default'],
    [sourceOf.systemd, 'systemd (LISTEN_FDS)'],
  ];
  for (const [source, phrase] of cases) {
    it(`"${source}" reads "${phrase}"`, () => expect(sourcePhrase(source)).to.equal(phrase));
  }
});
