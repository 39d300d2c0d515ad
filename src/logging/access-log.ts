import { TsunicornError } from '../errors.ts';
import { findAtom, type RenderAtom } from './access-atoms.ts';
import { type AccessRecord, basicUser, splitTarget, wholeMicroseconds } from './access-record.ts';
import { escapeJson } from './escape.ts';

export type { AccessRecord } from './access-record.ts';

/** Gunicorn's default: the Combined Log Format. */
export const defaultAccessLogFormat = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"';

type Part = string | RenderAtom;

/**
 * Compiles Gunicorn's access log format, `%(atom)s` with the conversions `s` and `d`, and `%%`. An atom that does not exist is written as
 * `-`, as Gunicorn does. Whatever the client sent, the result is one line (without its line feed).
 *
 * @throws TsunicornError `CONFIG_INVALID` with the sentence of {@link accessLogFormatFault}
 */
export function compileAccessLog(format: string): (record: AccessRecord) => string {
  const parsed = parseFormat(format);
  if ('fault' in parsed) throw new TsunicornError('CONFIG_INVALID', parsed.fault);
  const { parts } = parsed;
  return (record) => {
    let line = '';
    for (const part of parts) line += typeof part === 'string' ? part : part(record);
    return line;
  };
}

/** What is wrong with a format, as a sentence with its repair, or `null`. */
export function accessLogFormatFault(format: string): string | null {
  const parsed = parseFormat(format);
  return 'fault' in parsed ? parsed.fault : null;
}

/** The facts of the default format as a JSON object on one line (without its line feed). What is absent is `null`. */
export function accessLogJson(record: AccessRecord): string {
  const { path, query } = splitTarget(record.target);
  const facts = {
    time: new Date(record.startedAt).toISOString(),
    remoteAddress: record.remoteAddress || null,
    user: basicUser(record, 'utf8') ?? null,
    method: record.method,
    path,
    query,
    protocol: record.protocol,
    status: record.status,
    responseBytes: record.responseBytes,
    referer: record.requestHeader('referer') ?? null,
    userAgent: record.requestHeader('user-agent') ?? null,
    durationUs: wholeMicroseconds(record),
    pid: record.pid,
  };
  return escapeJson(JSON.stringify(facts));
}

function parseFormat(format: string): { parts: Part[] } | { fault: string } {
  // A tab is a fine separator; any other control character would break the promise of one line.
  if (/[^\P{Cc}\t]|[\u2028\u2029]/u.test(format)) {
    return { fault: 'accessLogFormat contains a line break or another control character. Remove it.' };
  }
  const parts: Part[] = [];
  const item = /([^%]+)|%%|%\(([^)]*)\)([sd])/y;
  while (item.lastIndex < format.length) {
    const at = item.lastIndex;
    const match = item.exec(format);
    if (match === null) return { fault: itemFault(format, at) };
    const [, literal, name, conversion] = match;
    if (name === undefined) {
      parts.push(literal ?? '%');
      continue;
    }
    const atom = findAtom(name);
    if (conversion === 'd' && atom?.numeric === false) {
      return { fault: `accessLogFormat has "%(${name})d", but ${name} is no number. Write "%(${name})s".` };
    }
    parts.push(atom?.render ?? '-');
  }
  return { parts };
}

/** `at` is a percent sign that starts neither `%%` nor a whole atom. */
function itemFault(format: string, at: number): string {
  const place = `at character ${at + 1}`;
  if (format[at + 1] !== '(') {
    return `accessLogFormat has a lone "%" ${place}. Write "%%" for a percent sign, or an atom such as "%(h)s".`;
  }
  const end = format.indexOf(')', at);
  if (end === -1) return `accessLogFormat has "%(" ${place} without its ")". Close it, as in "%(h)s".`;
  const atom = format.slice(at, end + 1);
  return `accessLogFormat has "${atom}" ${place} without a conversion. Write "${atom}s".`;
}
