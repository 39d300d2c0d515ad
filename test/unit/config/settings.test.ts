import { expect } from 'chai';
import { findSetting, isRequired, mapSettings, settingNames, settings } from '../../../src/config/settings/index.ts';
import { fitsSetting } from '../../../src/config/validate.ts';

describe('settings', () => {
  it('are these and no others', () => {
    expect(settingNames).to.deep.equal([
      ...[
        'app',
        'chdir',
        'env',
        'interface',
        'fastFetch',
        'python',
        'pythonPath',
        'processes',
        'threads',
        'preloadApp',
        'bind',
        'backlog',
        'socketMode',
        'workers',
        'maxRequests',
        'maxRequestsJitter',
        'maxMemory',
      ],
      ...[
        'maxSurge',
        'settleTime',
        'timeout',
        'stackOnTimeout',
        'gracefulTimeout',
        'keepAlive',
        'bootTimeout',
        'drainIdleTimeout',
      ],
      ...[
        'requestTimeout',
        'headerTimeout',
        'bodyTimeout',
        'writeTimeout',
        'queueTimeout',
        'limitRequestLine',
        'limitRequestFields',
      ],
      ...['limitRequestFieldSize', 'limitRequestHead', 'limitRequestBody', 'serverHeader', 'forwardedAllowIps'],
      ...['secureSchemeHeaders', 'forwarderHeaders', 'headerMap', 'proxyProtocol', 'proxyAllowIps', 'keyFile'],
      ...['certFile', 'caFile', 'clientCert', 'ciphers', 'minVersion', 'pidFile'],
      ...[
        'procName',
        'user',
        'group',
        'umask',
        'daemon',
        'accessLog',
        'accessLogFormat',
        'errorLog',
        'logLevel',
        'logFormat',
        'reload',
        'reloadExtraFiles',
      ],
    ]);
  });

  for (const setting of settings) {
    it(`${setting.name}: its default and its example are values that it takes`, () => {
      expect(fitsSetting(setting, setting.example)).to.equal(true);
      if (isRequired(setting)) return;
      expect(fitsSetting(setting, setting.default)).to.equal(true);
      const { resolved } = setting;
      if (resolved !== undefined) {
        expect(fitsSetting({ ...setting, schema: resolved.schema }, resolved.from(setting.default))).to.equal(true);
      }
    });

    it(`${setting.name}: its texts are sentences`, () => {
      expect(setting.summary).to.match(/^[A-Z`].*\.$/);
      expect(setting.details).to.match(/^[A-Z`].*\.$/);
    });
  }

  it('have no short flag twice', () => {
    const letters = settings.flatMap((setting) => setting.short ?? []);
    expect(new Set(['c', 'h', 'v', ...letters]).size).to.equal(letters.length + 3);
  });

  it('need a restart only where a running server cannot change', () => {
    const names = settings.filter((setting) => setting.appliesOn === 'restart').map((setting) => setting.name);
    expect(names).to.deep.equal([
      'socketMode',
      'pidFile',
      'procName',
      'user',
      'group',
      'daemon',
      'reload',
      'reloadExtraFiles',
    ]);
  });
});

describe('settings at the edges of their range', () => {
  const cases: readonly [name: string, taken: readonly unknown[], refused: readonly unknown[]][] = [
    ['app', ['a.ts', './a.ts:b'], ['', null, 1]],
    ['chdir', [null, '/srv'], ['', 1, []]],
    ['env', [{}, { A: '' }], [{ A: 1 }, [], null, 'A=b']],
    ['bind', ['a:1', ['a:1']], ['', [], [1], null, 8000]],
    ['backlog', [1, 65_535], [0, 65_536, 1.5, '1']],
    ['socketMode', [0, 0o777, '660', '0660', '0o660'], [512, -1, '999', '66', '06600']],
    ['workers', [1, 1000, 'auto'], [0, 1001, 1.5, '4', 'Auto', null, Number.NaN]],
    ['maxRequests', [0, 1_000_000], [-1, 0.5]],
    ['maxSurge', [1], [0]],
    ['timeout', [0, 0.25, 86_400], [-1, 86_401, '30', Number.POSITIVE_INFINITY]],
    ['bootTimeout', [0.001, 86_400], [0, -1]],
    ['limitRequestLine', [128, 8190, 65_536], [0, 127, 65_537]],
    ['limitRequestBody', [0, 1], [-1, 1.5]],
    ['serverHeader', ['tsunicorn', 'a b', null], ['', ' a', 'a\r\nb', 'é']],
    ['forwardedAllowIps', ['*', '', [], ['::1', 'unix']], [[''], null, 1]],
    ['python', ['python3', './venv'], ['', null, 3]],
    ['pythonPath', ['', 'a,b', [], ['a']], [[''], null]],
    ['processes', [1, 1000], [0, 1001, 'auto']],
    ['threads', [1, 1000], [0, 1.5]],
    ['queueTimeout', [0.1, 86_400], [0, -1]],
    ['maxMemory', [0, 512], [-1, 0.5, '512M']],
    ['proxyProtocol', ['off', 'v1', 'v2', 'auto'], [true, 'on']],
    ['minVersion', ['TLSv1.2', 'TLSv1.3'], ['TLSv1', 'TLSv1.1', null]],
    ['logLevel', ['debug', 'info', 'warn', 'error'], ['warning', 'INFO', null]],
    ['logFormat', ['auto', 'pretty', 'json'], ['text']],
    ['reload', [true, false], [1, 'true', null]],
    ['pidFile', [null, '/run/x'], ['', 1]],
    ['user', [null, 'www-data', '33', 33, 0], ['', -1, 1.5, 4_294_967_295]],
    ['umask', [0, 0o777, '27', '027', '0o027'], [512, -1, '01777', '8', '']],
    ['daemon', [true, false], [null, 'true']],
  ];
  for (const [name, taken, refused] of cases) {
    it(`${name} takes what lies within and refuses what does not`, () => {
      const setting = findSetting(name);
      if (setting === undefined) throw new Error(name);
      expect(taken.filter((value) => !fitsSetting(setting, value))).to.deep.equal([]);
      expect(refused.filter((value) => fitsSetting(setting, value))).to.deep.equal([]);
    });
  }
});

describe('findSetting', () => {
  it('knows no name that every object has', () => {
    expect(['constructor', '__proto__', 'toString'].map(findSetting)).to.deep.equal([undefined, undefined, undefined]);
  });
});

describe('mapSettings', () => {
  it('has an entry for each setting', () => {
    expect(Object.keys(mapSettings((setting) => setting.section))).to.deep.equal([...settingNames]);
  });
});
