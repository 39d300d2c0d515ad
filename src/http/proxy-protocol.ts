import { isIPv4 } from 'node:net';
import { addressOfBytes, formatIpAddress, parseIpAddress } from './ip-address.ts';

/** An end of a connection to a proxy. */
interface ProxyEnd {
  /** Canonical, and IPv4 where an IPv4 address was mapped into IPv6. */
  readonly address: string;
  readonly port: number;
}

/** The proxy's own end of the connection that it speaks for. */
export interface ProxiedEnd extends ProxyEnd {
  /** As version 1 calls it, where there is no UDP: so a proxy says that its client speaks HTTP/3. */
  readonly protocol: 'TCP4' | 'TCP6' | 'UDP4' | 'UDP6';
}

/** Whom a proxy speaks for: the other end of *its* connection. */
export interface ProxySource extends ProxyEnd {
  readonly proxied: ProxiedEnd;
}

/** Which versions are welcome. */
export type ProxyVersions = 'v1' | 'v2' | 'auto';

/** What the bytes at the start of a connection are. */
export type ProxyHeader =
  /** Right so far, and not complete. */
  | { readonly kind: 'more' }
  /** The connection has to be closed. The reason is a sentence for the log. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** `length` bytes; then the peer's own begin. `source` is `null` where the proxy speaks for itself or does not know (LOCAL, UNKNOWN). */
  | { readonly kind: 'header'; readonly length: number; readonly source: ProxySource | null };

const MORE: ProxyHeader = { kind: 'more' };
const refused = (reason: string): ProxyHeader => ({ kind: 'refused', reason });

const V1_START = Buffer.from('PROXY ');
const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** With CRLF (section 2.1 of the PROXY protocol). */
const V1_LONGEST = 107;
const V2_FIXED = 16;
/**
 * The protocol lets a header of version 2 be 64 KiB long and wants it to fit into one segment (536 bytes). What proxies really add (names and
 * certificates as TLVs) fits into 4 KiB.
 */
export const LONGEST_PROXY_HEADER = 4096;

/**
 * Reads the header of the PROXY protocol, versions 1 and 2, by haproxy's `doc/proxy-protocol.txt`. Bytes that can become no header are
 * refused as soon as they show it. TLVs are skipped unread, the checksum among them: TCP has guarded these bytes already.
 *
 * @param bytes Everything that came so far, from the first byte on.
 */
export function parseProxyHeader(bytes: Uint8Array, accept: ProxyVersions): ProxyHeader {
  if (bytes.length === 0) return MORE;
  if (startsLike(bytes, V1_START)) {
    return accept === 'v2' ? refused('The PROXY header is of version 1, and only version 2 is accepted.') : v1(bytes);
  }
  if (startsLike(bytes, V2_SIGNATURE)) {
    return accept === 'v1' ? refused('The PROXY header is of version 2, and only version 1 is accepted.') : v2(bytes);
  }
  return refused('The connection does not begin with a PROXY header.');
}

/** Whether the bytes begin with the pattern, or are the beginning of it. */
function startsLike(bytes: Uint8Array, pattern: Uint8Array): boolean {
  const length = Math.min(bytes.length, pattern.length);
  for (let index = 0; index < length; index++) if (bytes[index] !== pattern[index]) return false;
  return true;
}

function v1(bytes: Uint8Array): ProxyHeader {
  const text = Buffer.from(bytes.subarray(0, V1_LONGEST)).toString('latin1');
  const lineEnd = text.search(/[\r\n]/);
  const ended = lineEnd !== -1;
  const ending = ended ? text.slice(lineEnd, lineEnd + 2) : '';
  if (!'\r\n'.startsWith(ending)) return refused('The PROXY header holds CR or LF in place of CRLF.');
  const complete = ending === '\r\n';
  if (!complete && text.length === V1_LONGEST) return refused('The PROXY header is longer than 107 bytes.');
  const words = v1Words(text.slice(V1_START.length, ended ? lineEnd : undefined), { ended });
  if (words === null) return refused('The PROXY header of version 1 is malformed.');
  if (!complete) return MORE;
  return { kind: 'header', length: lineEnd + ending.length, source: v1Source(words) };
}

/** @param words a whole line, which is right */
function v1Source([family, from = '', to = '', fromPort, toPort]: readonly string[]): ProxySource | null {
  if (family !== 'TCP4' && family !== 'TCP6') return null;
  const source = parseIpAddress(from);
  const destination = parseIpAddress(to);
  if (source === null || destination === null) return null;
  return {
    address: formatIpAddress(source),
    port: Number(fromPort),
    proxied: { protocol: family, address: formatIpAddress(destination), port: Number(toPort) },
  };
}

/** The words after `PROXY `, as far as they are there; `null` if one of them is wrong. The last one may still grow until the line has ended. */
function v1Words(text: string, { ended }: { ended: boolean }): readonly string[] | null {
  const words = text.split(' ');
  const [family = ''] = words;
  if (!ended && words.length === 1) {
    return ['TCP4', 'TCP6', 'UNKNOWN'].some((name) => name.startsWith(family)) ? words : null;
  }
  // What a proxy says of a client that it does not know is to be ignored.
  if (family === 'UNKNOWN') return words;
  if (family !== 'TCP4' && family !== 'TCP6') return null;
  if (ended ? words.length !== 5 : words.length > 5) return null;
  const isAddress = family === 'TCP4' ? isIPv4 : isUnscopedIPv6;
  const rules = [isAddress, isAddress, isV1Port, isV1Port];
  const begins = family === 'TCP4' ? /^[\d.]{0,15}$/ : /^[\da-f:.]{0,45}$/i;
  const portBegins = /^(?:0|[1-9]\d{0,4})?$/;
  const beginnings = [begins, begins, portBegins, portBegins];
  const right = words.slice(1).every((word, index) => {
    const grows = !ended && index === words.length - 2;
    return grows ? beginnings[index]?.test(word) : rules[index]?.(word);
  });
  return right ? words : null;
}

const isUnscopedIPv6 = (text: string): boolean =>
  text.includes(':') && !text.includes('%') && parseIpAddress(text) !== null;

const isV1Port = (text: string): boolean => /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;

/** How many bytes the addresses take, by family (the high four bits of byte 14). */
const ADDRESS_BYTES = [0, 12, 36, 216] as const;

function v2(bytes: Uint8Array): ProxyHeader {
  const [versionAndCommand, familyAndTransport, high, low] = bytes.subarray(V2_SIGNATURE.length, V2_FIXED);
  if (versionAndCommand === undefined) return MORE;
  if (versionAndCommand >> 4 !== 2) return refused('The PROXY header is of a version other than 1 and 2.');
  const command = versionAndCommand & 0xf;
  if (command > 1) return refused('The PROXY header has a command that is neither LOCAL nor PROXY.');
  if (familyAndTransport === undefined) return MORE;
  const local = command === 0;
  // With LOCAL the family is to be ignored, whatever it is.
  const family = familyAndTransport >> 4;
  const transport = familyAndTransport & 0xf;
  const addressBytes = ADDRESS_BYTES[family];
  if (!local && (addressBytes === undefined || transport > 2)) {
    return refused('The PROXY header has an unknown address family or transport.');
  }
  if (high === undefined || low === undefined) return MORE;
  const length = V2_FIXED + high * 256 + low;
  if (length > LONGEST_PROXY_HEADER) {
    return refused(`The PROXY header is ${length} bytes long; at most ${LONGEST_PROXY_HEADER} are accepted.`);
  }
  if (!local && transport !== 0 && length < V2_FIXED + (addressBytes ?? 0)) {
    return refused('The PROXY header is shorter than its addresses.');
  }
  if (bytes.length < length) return MORE;
  return { kind: 'header', length, source: local || transport === 0 ? null : v2Source(bytes, { family, transport }) };
}

/** A client on the proxy's unix socket has no address that helps. */
function v2Source(bytes: Uint8Array, { family, transport }: { family: number; transport: number }): ProxySource | null {
  if (family !== 1 && family !== 2) return null;
  const size = family === 1 ? 4 : 16;
  const view = new DataView(bytes.buffer, bytes.byteOffset + V2_FIXED, 2 * size + 4);
  const addressAt = (begin: number) => addressOfBytes(bytes.subarray(V2_FIXED + begin, V2_FIXED + begin + size));
  return {
    address: addressAt(0),
    port: view.getUint16(2 * size),
    proxied: {
      protocol: `${transport === 2 ? 'UDP' : 'TCP'}${family === 1 ? 4 : 6}`,
      address: addressAt(size),
      port: view.getUint16(2 * size + 2),
    },
  };
}
