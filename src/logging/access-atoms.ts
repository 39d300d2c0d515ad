import { type AccessRecord, basicUser, splitTarget, wholeMicroseconds } from './access-record.ts';
import { escapeBytes } from './escape.ts';

/** Renders one field of an access line. What it returns is safe to write. */
export type RenderAtom = (record: AccessRecord) => string;

/** `numeric` atoms may be asked for with `d`. */
export interface Atom {
  numeric: boolean;
  render: RenderAtom;
}

const text = (read: (record: AccessRecord) => string | undefined): Atom => ({
  numeric: false,
  render: (record) => escapeBytes(read(record) ?? '-'),
});

const digits = (read: (record: AccessRecord) => number): Atom => ({
  numeric: true,
  render: (record) => String(read(record)),
});

const atoms: Record<string, Atom> = {
  h: text((r) => r.remoteAddress || '-'),
  l: text(() => '-'),
  // The default format does not quote the user, so that a space in the name would shift the fields after it.
  u: { numeric: false, render: (r) => escapeBytes(basicUser(r, 'latin1') ?? '-').replaceAll(' ', '\\x20') },
  r: text((r) => `${r.method} ${r.target} ${r.protocol}`),
  m: text((r) => r.method),
  U: text((r) => splitTarget(r.target).path),
  q: text((r) => splitTarget(r.target).query),
  H: text((r) => r.protocol),
  s: digits((r) => r.status),
  B: digits((r) => r.responseBytes),
  b: text((r) => (r.responseBytes === 0 ? '-' : String(r.responseBytes))),
  f: text((r) => r.requestHeader('referer')),
  a: text((r) => r.requestHeader('user-agent')),
  T: digits((r) => Math.floor(wholeMicroseconds(r) / 1_000_000)),
  M: digits((r) => Math.floor(wholeMicroseconds(r) / 1000)),
  D: digits(wholeMicroseconds),
  L: text((r) => decimalSeconds(wholeMicroseconds(r))),
  p: text((r) => `<${r.pid}>`),
};

const readers: Record<string, (name: string) => Atom> = {
  i: (name) => text((record) => record.requestHeader(name.toLowerCase())),
  o: (name) => text((record) => record.responseHeader(name.toLowerCase())),
  e: (name) => text((record) => record.environment(name)),
};

/** The atom of this name (`h`, `{referer}i`), or `undefined` if there is none. */
export function findAtom(name: string): Atom | undefined {
  if (name === 't') return { numeric: false, render: localTime() };
  const braced = /^\{([^}]*)\}(\w)$/.exec(name);
  if (braced === null) return Object.hasOwn(atoms, name) ? atoms[name] : undefined;
  const [, field = '', kind = ''] = braced;
  return readers[kind]?.(field);
}

function decimalSeconds(us: number): string {
  return `${Math.floor(us / 1_000_000)}.${String(us % 1_000_000).padStart(6, '0')}`;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The Common Log Format's time. Requests come many to the second, so the text of the last second is kept. */
function localTime(): RenderAtom {
  let second = Number.NaN;
  let rendered = '';
  return ({ startedAt }) => {
    const wanted = Math.floor(startedAt / 1000);
    if (wanted !== second) {
      second = wanted;
      rendered = formatTime(new Date(startedAt));
    }
    return rendered;
  };
}

function formatTime(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const east = -date.getTimezoneOffset();
  const offset = `${east < 0 ? '-' : '+'}${two(Math.floor(Math.abs(east) / 60))}${two(Math.abs(east) % 60)}`;
  const day = `${two(date.getDate())}/${months[date.getMonth()]}/${date.getFullYear()}`;
  return `[${day}:${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())} ${offset}]`;
}
