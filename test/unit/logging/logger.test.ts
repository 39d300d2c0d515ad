import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { expect } from 'chai';
import { createLogger, type LogSettings, resolveLogFormat, type StderrFacts } from '../../../src/logging/logger.ts';
import { scratch } from './scratch.ts';

const master = { role: 'master', pid: 1 };

describe('createLogger', () => {
  const files = scratch();
  const opened: { close(): void }[] = [];
  afterEach(() => {
    for (const logger of opened.splice(0)) logger.close();
  });

  function settingsFor(name: string, more: Partial<LogSettings> = {}): LogSettings {
    return { errorLog: files.path(name), logLevel: 'info', logFormat: 'json', ...more };
  }

  function open(settings: LogSettings, stderr?: StderrFacts) {
    const logger = createLogger(settings, master, stderr);
    opened.push(logger);
    return logger;
  }

  const parsed = (name: string): Record<string, unknown>[] => files.lines(name).map((line) => JSON.parse(line));
  const events = (name: string): unknown[] => parsed(name).map(({ event }) => event);

  it('writes JSON lines with time, level, event, base, fields and message', () => {
    open(settingsFor('a')).event('worker.crashed', { workerId: 3, exitCode: 1 });
    const [line] = parsed('a');
    expect(line).to.include({
      level: 'error',
      event: 'worker.crashed',
      role: 'master',
      pid: 1,
      workerId: 3,
      exitCode: 1,
    });
    expect(line).to.include({ msg: 'worker died unexpectedly' });
    expect(line?.time).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('writes no key twice: fields win over the base, and the names of the line itself are kept free', () => {
    open(settingsFor('a')).event('worker.exited', { pid: 77, level: 'x', msg: 'y', time: 'z', event: 'w' });
    expect(files.lines('a')[0]?.match(/"pid":/g)).to.have.length(1);
    expect(parsed('a')[0]).to.include({ pid: 77, level: 'info', event: 'worker.exited', msg: 'worker exited' });
    expect(parsed('a')[0]).to.include({ level_: 'x', msg_: 'y', time_: 'z', event_: 'w' });
  });

  it('serialises whatever was thrown', () => {
    const logger = open(settingsFor('a'));
    logger.event('request.failed', { error: new Error('boom') });
    logger.event('request.failed', { error: 'text' });
    logger.event('request.failed', { error: new Error('x'.repeat(100_000)) });
    const [first, second] = parsed('a');
    expect(first?.error).to.have.property('message', 'boom');
    expect(first?.error)
      .to.have.property('stack')
      .that.matches(/^Error: boom\n {4}at /);
    expect(second?.error).to.deep.equal({ message: 'text' });
    expect(files.lines('a')[2]?.length).to.be.below(17_000);
  });

  it('survives fields that JSON cannot hold', () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    open(settingsFor('a')).event('server.ready', { big: 10n, circular, nothing: undefined, call: () => 1 });
    expect(events('a')).to.deep.equal(['server.ready']);
  });

  it('logs the words of hooks as hook.log, literally', () => {
    open(settingsFor('a')).message('warn', 'disk %s is %d%% full\n', { disk: 'sda' });
    expect(parsed('a')[0]).to.include({ event: 'hook.log', level: 'warn', msg: 'disk %s is %d%% full\n', disk: 'sda' });
  });

  it('keeps control characters out of the file', () => {
    open(settingsFor('a')).message('info', 'a\r\n\x1b\x7f\x9b\u2028b', { k: '\n\x85' });
    expect(files.lines('a')).to.have.length(1);
    expect(readFileSync(files.path('a'), 'utf8')).to.match(/^[\x20-\x7e]*\n$/);
    expect(parsed('a')[0]).to.include({ msg: 'a\r\n\x1b\x7f\x9b\u2028b', k: '\n\x85' });
  });

  for (const [logLevel, count] of [
    ['debug', 4],
    ['info', 3],
    ['warn', 2],
    ['error', 1],
  ] as const) {
    it(`writes ${count} of four levels at logLevel ${logLevel}`, () => {
      const logger = open(settingsFor('a', { logLevel }));
      logger.event('drain.started');
      logger.event('server.ready');
      logger.event('worker.killed');
      logger.event('worker.crashed');
      expect(files.lines('a')).to.have.length(count);
    });
  }

  it('appends, and creates the file with mode 0640', () => {
    const mask = process.umask(0);
    try {
      open(settingsFor('a')).event('server.ready');
    } finally {
      process.umask(mask);
    }
    open(settingsFor('a')).event('server.stopped');
    expect(events('a')).to.deep.equal(['server.ready', 'server.stopped']);
    expect(statSync(files.path('a')).mode & 0o777).to.equal(0o640);
  });

  it('reopens after a rename without a lost line', () => {
    const logger = open(settingsFor('a'));
    for (let n = 0; n < 50; n += 1) {
      if (n % 10 === 9) {
        renameSync(files.path('a'), files.path(`a.${n}`));
        logger.event('worker.spawned', { n: -1 });
        logger.reopen();
      }
      logger.event('worker.ready', { n });
    }
    const all = ['a.9', 'a.19', 'a.29', 'a.39', 'a.49', 'a'].flatMap(parsed);
    expect(all.filter(({ event }) => event === 'worker.ready').map(({ n }) => n)).to.deep.equal([...Array(50).keys()]);
    expect(all.filter(({ event }) => event === 'worker.spawned')).to.have.length(5);
    expect(events('a')).to.deep.equal(['logs.reopened', 'worker.ready']);
  });

  it('keeps the old file when it cannot reopen, and says so there', () => {
    mkdirSync(files.path('d'));
    const logger = open(settingsFor('d/a'));
    renameSync(files.path('d'), files.path('moved'));
    logger.reopen();
    logger.event('server.ready');
    expect(events('moved/a')).to.deep.equal(['logs.reopenFailed', 'server.ready']);
    expect(parsed('moved/a')[0]?.error).to.have.property('code', 'LOG_FILE');
  });

  it('explains a file that cannot be opened', () => {
    expect(() => open(settingsFor('none/a')))
      .to.throw(/^Cannot open the log file .*: its directory does not exist\. Create .* or change "errorLog"\.$/)
      .with.property('code', 'LOG_FILE');
    mkdirSync(files.path('d'));
    expect(() => open(settingsFor('d'))).to.throw('it is a directory');
  });

  it('reconfigures place and level', () => {
    const logger = open(settingsFor('a'));
    logger.reconfigure(settingsFor('b', { logLevel: 'error' }));
    logger.event('server.ready');
    logger.event('worker.crashed');
    expect(events('a')).to.deep.equal([]);
    expect(events('b')).to.deep.equal(['worker.crashed']);
  });

  it('changes nothing when the new file cannot be opened', () => {
    const logger = open(settingsFor('a'));
    expect(() => logger.reconfigure(settingsFor('none/b', { logLevel: 'error' }))).to.throw('none/b');
    logger.event('server.ready');
    logger.reopen();
    expect(events('a')).to.deep.equal(['server.ready', 'logs.reopened']);
  });

  it('is silent after close, whoever got its descriptor', () => {
    const logger = open(settingsFor('a'));
    logger.close();
    const other = openSync(files.path('other'), 'w');
    logger.event('server.ready');
    logger.flush();
    closeSync(other);
    expect([...files.lines('a'), ...files.lines('other')]).to.deep.equal([]);
  });

  describe("to standard error ('-')", () => {
    const toStderr: LogSettings = { errorLog: '-', logLevel: 'info', logFormat: 'auto' };

    function written(stderr: { isTty: boolean; wantsColors: boolean }, settings = toStderr): string {
      const fd = openSync(files.path('stderr'), 'a');
      try {
        const logger = open(settings, { fd, ...stderr });
        logger.event('worker.exited', { exitCode: 1 });
        logger.reopen();
        logger.close();
        // Throws if the logger closed what is not its own.
        closeSync(fd);
      } finally {
        opened.length = 0;
      }
      return readFileSync(files.path('stderr'), 'utf8');
    }

    it('is JSON where nobody looks', () => {
      expect(JSON.parse(written({ isTty: false, wantsColors: true }))).to.include({ event: 'worker.exited' });
    });

    it('is pretty and coloured at a terminal, without colours where NO_COLOR asks for it', () => {
      expect(written({ isTty: true, wantsColors: true })).to.include('\x1b[');
      rmSync(files.path('stderr'));
      expect(written({ isTty: true, wantsColors: false })).to.match(/^\[[\d:.]+\] INFO: worker exited exitCode=1\n$/);
    });

    it('is never coloured where it is no terminal', () => {
      const text = written({ isTty: false, wantsColors: true }, { ...toStderr, logFormat: 'pretty' });
      expect(text).to.include('INFO: worker exited').and.to.not.include('\x1b');
    });
  });

  it('counts lines that a full disk refused and reports them once it has room', function () {
    if (!existsSync('/dev/full')) this.skip();
    const full = openSync('/dev/full', 'w');
    const logger = open(
      { errorLog: '-', logLevel: 'info', logFormat: 'json' },
      { fd: full, isTty: false, wantsColors: false },
    );
    logger.event('server.ready');
    logger.event('server.ready');
    // The same logger, moved to a place with room.
    logger.reconfigure(settingsFor('a'));
    logger.event('server.stopped');
    logger.event('server.stopped');
    closeSync(full);
    expect(events('a')).to.deep.equal(['server.stopped', 'logs.dropped', 'server.stopped']);
    expect(parsed('a')[1]).to.include({ lines: 2 });
  });
});

describe('resolveLogFormat', () => {
  const stderr = (isTty: boolean): StderrFacts => ({ fd: 2, isTty, wantsColors: true });
  const cases = [
    ['auto', '-', true, 'pretty'],
    ['auto', '-', false, 'json'],
    ['auto', '/a', true, 'json'],
    ['pretty', '/a', false, 'pretty'],
    ['json', '-', true, 'json'],
  ] as const;
  for (const [logFormat, errorLog, isTty, expected] of cases) {
    it(`makes ${logFormat} on ${errorLog} ${isTty ? 'at' : 'without'} a terminal ${expected}`, () => {
      expect(resolveLogFormat({ logFormat, errorLog, logLevel: 'info' }, stderr(isTty))).to.equal(expected);
    });
  }
});
