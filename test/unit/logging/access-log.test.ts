import { expect } from 'chai';
import {
  type AccessRecord,
  accessLogFormatFault,
  accessLogJson,
  compileAccessLog,
  defaultAccessLogFormat,
} from '../../../src/logging/access-log.ts';
import { anyText } from '../../support/any-text.ts';
import fc from '../../support/random.ts';
import { basic, recordOf } from './record.ts';

/** What a client can send, from tame to hostile. */
const sentText = fc.oneof(
  anyText(),
  fc.string({
    unit: fc.constantFrom('\r', '\n', '\0', '\x1b', '"', '\\', ' ', '%', '\x7f', '\x85', '\u2028', '\ud800'),
  }),
);

const oneSafeLine = /^[\x20-\x7e]*$/;

describe('compileAccessLog', () => {
  const header = { request: { referer: 'http://from/', 'user-agent': 'curl/8', 'x-id': 'a1' } };
  const fields = { ...header, response: { 'content-type': 'text/html' }, environment: { 'wsgi.url_scheme': 'https' } };
  const atoms: [format: string, expected: string, record?: AccessRecord][] = [
    ['%(h)s', '203.0.113.7'],
    ['%(h)s', '-', recordOf({ remoteAddress: '' })],
    ['%(l)s', '-'],
    ['%(u)s', '-'],
    ['%(u)s', 'ann', recordOf({}, { request: basic('ann:secret') })],
    ['%(u)s', 'ann', recordOf({}, { request: basic('ann:se:cret') })],
    ['%(u)s', 'a\\x20b', recordOf({}, { request: basic('a b:secret') })],
    ['%(u)s', 'J\\xC3\\xBCrgen', recordOf({}, { request: basic('Jürgen:secret') })],
    ['%(u)s', '-', recordOf({}, { request: basic(':secret') })],
    ['%(u)s', '-', recordOf({}, { request: basic('a-token-without-colon') })],
    ['%(u)s', '-', recordOf({}, { request: { authorization: 'Bearer YTpi' } })],
    ['%(r)s', 'GET /shop/cart?id=7&x= HTTP/1.1'],
    ['%(m)s', 'GET'],
    ['%(U)s', '/shop/cart'],
    ['%(U)s', '/a', recordOf({ target: 'http://example.org:80/a?b' })],
    ['%(U)s', '/', recordOf({ target: 'http://example.org?b' })],
    ['%(U)s', '*', recordOf({ target: '*' })],
    ['%(q)s', 'id=7&x='],
    ['%(q)s', 'b?c', recordOf({ target: '/a?b?c' })],
    ['[%(q)s]', '[]', recordOf({ target: '/a' })],
    ['%(H)s', 'HTTP/1.1'],
    ['%(s)s %(s)d', '200 200'],
    ['%(B)s %(B)d', '12 12'],
    ['%(B)s', '0', recordOf({ responseBytes: 0 })],
    ['%(b)s', '12'],
    ['%(b)s', '-', recordOf({ responseBytes: 0 })],
    ['%(f)s', 'http://from/'],
    ['%(f)s', '-', recordOf()],
    ['%(a)s', 'curl/8'],
    ['%(a)s', '-', recordOf()],
    ['%(T)s', '1'],
    ['%(M)s', '1234'],
    ['%(D)d', '1234567'],
    ['%(L)s', '1.234567'],
    ['%(T)s %(M)s %(D)s %(L)s', '0 0 42 0.000042', recordOf({ durationUs: 42.4 })],
    ['%(T)s %(M)s %(D)s %(L)s', '0 0 0 0.000000', recordOf({ durationUs: -3 })],
    ['%(p)s', '<4711>'],
    ['%({X-Id}i)s', 'a1'],
    ['%({absent}i)s', '-'],
    ['%({Content-Type}o)s', 'text/html'],
    ['%({absent}o)s', '-'],
    ['%({wsgi.url_scheme}e)s', 'https'],
    ['%({ABSENT}e)s', '-'],
    ['%(nonsense)s %({x}z)s %()s %(constructor)s %({x}constructor)s %(nonsense)d', '- - - - - -'],
    ['100%% of\t%(m)s', '100% of\tGET'],
    ['', ''],
  ];
  for (const [format, expected, record = recordOf({}, fields)] of atoms) {
    it(`renders ${format} as ${expected}`, () => {
      expect(compileAccessLog(format)(record)).to.equal(expected);
    });
  }

  const zones = [
    ['UTC', '[22/Nov/2026:10:46:06 +0000]'],
    ['Asia/Kolkata', '[22/Nov/2026:16:16:06 +0530]'],
    ['America/St_Johns', '[22/Nov/2026:07:16:06 -0330]'],
  ] as const;
  for (const [zone, expected] of zones) {
    it(`renders %(t)s in the local time of ${zone}`, () => {
      const before = process.env.TZ;
      try {
        process.env.TZ = zone;
        expect(compileAccessLog('%(t)s')(recordOf())).to.equal(expected);
      } finally {
        if (before === undefined) delete process.env.TZ;
        else process.env.TZ = before;
      }
    });
  }

  it('renders each second anew', () => {
    const line = compileAccessLog('%(t)s');
    const at = (startedAt: number): string => line(recordOf({ startedAt })).slice(-9 - 6, -7);
    const start = Date.UTC(2026, 10, 22, 10, 46, 6);
    expect([start, start + 999, start + 1000, start].map(at).map((text) => text.slice(-2))).to.deep.equal([
      '06',
      '06',
      '07',
      '06',
    ]);
  });

  it('renders the default format as Gunicorn does', () => {
    const line = compileAccessLog(defaultAccessLogFormat)(recordOf({}, fields)).replace(/\[.*?\]/, '[time]');
    expect(line).to.equal('203.0.113.7 - - [time] "GET /shop/cart?id=7&x= HTTP/1.1" 200 12 "http://from/" "curl/8"');
  });

  it('escapes what would end a field or a line', () => {
    const record = recordOf({ target: '/\r\n\x1b[2J\x7f"\\é☃' });
    expect(compileAccessLog('%(r)s')(record)).to.equal(
      'GET /\\x0D\\x0A\\x1B[2J\\x7F\\x22\\x5C\\xE9\\xE2\\x98\\x83 HTTP/1.1',
    );
  });

  it('gives one line of printable ASCII for any request, its quotes only those of the format', () => {
    const line = compileAccessLog(`${defaultAccessLogFormat} %(U)s %(q)s %(m)s %(H)s %({a}i)s %({a}o)s %({a}e)s`);
    fc.assert(
      fc.property(sentText, sentText, (text, other) => {
        const record = recordOf(
          { remoteAddress: text, method: text, target: other, protocol: text },
          {
            request: { referer: other, 'user-agent': text, a: text, ...basic(`${text}:x`) },
            response: { a: text },
            environment: { a: other },
          },
        );
        const rendered = line(record);
        expect(rendered).to.match(oneSafeLine);
        expect(rendered.split('"')).to.have.length(7);
      }),
    );
  });

  it('refuses a malformed format with its sentence', () => {
    expect(() => compileAccessLog('%(h'))
      .to.throw('without its ")"')
      .with.property('code', 'CONFIG_INVALID');
  });

  it('compiles large and hostile formats in linear time', () => {
    const startMs = performance.now();
    compileAccessLog('a%(h)s'.repeat(20_000));
    compileAccessLog('%%'.repeat(80_000));
    for (const format of [
      '%('.repeat(80_000),
      '%({'.repeat(80_000),
      `%(${'{'.repeat(100_000)}}i)s`,
      '%'.repeat(100_001),
    ]) {
      accessLogFormatFault(format);
    }
    // About 20 ms; anything quadratic takes many seconds.
    expect(performance.now() - startMs).to.be.below(1000);
  });
});

describe('accessLogFormatFault', () => {
  const faults: [format: string, part: string][] = [
    ['%', 'lone "%" at character 1'],
    ['ok %(h)s 5% off', 'lone "%" at character 11'],
    ['%s', 'lone "%"'],
    ['x%(h', 'without its ")"'],
    ['%(h)', 'Write "%(h)s"'],
    ['%(h)x', 'Write "%(h)s"'],
    ['%(h)-15s', 'Write "%(h)s"'],
    ['%(h)d', 'h is no number'],
    ['%({a}i)d', '{a}i is no number'],
    ['%(h)s\n', 'line break'],
    ['\x1b[1m%(h)s', 'control character'],
  ];
  for (const [format, part] of faults) {
    it(`explains ${JSON.stringify(format)}`, () => {
      expect(accessLogFormatFault(format)).to.include(part);
    });
  }

  it('finds nothing wrong with the default format', () => {
    expect(accessLogFormatFault(defaultAccessLogFormat)).to.equal(null);
  });

  it('agrees with compileAccessLog on any text', () => {
    const pieces = fc.constantFrom('%', '%%', '(', ')', 's', 'd', '%(h)s', '%(s)d', '{a}', 'i', '\n', 'x');
    fc.assert(
      fc.property(fc.string({ unit: pieces }), (format) => {
        if (accessLogFormatFault(format) === null) expect(compileAccessLog(format)(recordOf())).to.be.a('string');
        else expect(() => compileAccessLog(format)).to.throw('accessLogFormat');
      }),
    );
  });
});

describe('accessLogJson', () => {
  it('tells the same facts', () => {
    const record = recordOf(
      {},
      { request: { ...basic('Jürgen:secret'), referer: 'http://from/', 'user-agent': 'curl/8' } },
    );
    expect(JSON.parse(accessLogJson(record))).to.deep.equal({
      time: '2026-11-22T10:46:06.789Z',
      remoteAddress: '203.0.113.7',
      user: 'Jürgen',
      method: 'GET',
      path: '/shop/cart',
      query: 'id=7&x=',
      protocol: 'HTTP/1.1',
      status: 200,
      responseBytes: 12,
      referer: 'http://from/',
      userAgent: 'curl/8',
      durationUs: 1_234_567,
      pid: 4711,
    });
  });

  it('has null for what is absent', () => {
    expect(JSON.parse(accessLogJson(recordOf({ remoteAddress: '' })))).to.include({
      remoteAddress: null,
      user: null,
      referer: null,
      userAgent: null,
    });
  });

  it('is one line of JSON that says what the client said, whatever that was', () => {
    fc.assert(
      fc.property(sentText, (text) => {
        const json = accessLogJson(recordOf({ method: text, target: `/${text}` }, { request: { 'user-agent': text } }));
        expect(json).to.not.match(/[\p{Cc}\p{Zl}\p{Zp}]/u);
        expect(JSON.parse(json)).to.include({ method: text, userAgent: text });
      }),
    );
  });
});
