import { isIPv4, isIPv6 } from 'node:net';
import ipaddr, { type IPv4, type IPv6 } from 'ipaddr.js';

/** An IP address, taken apart. An IPv4 address that came in IPv6 clothes (`::ffff:192.0.2.1`) is an IPv4 address here. */
export interface IpAddress {
  readonly value: IPv4 | IPv6;
  /** The interface of a scoped address (RFC 4007), `''` where none is said. */
  readonly zone: string;
}

/** Longer names of interfaces than the 15 characters of Linux exist elsewhere; what is longer than this is no address. */
const ZONE = /^[\w.-]{1,64}$/;

/**
 * Reads an address as sockets and headers name it: strictly (no octal, no short forms), without port or brackets. `null` is no address.
 */
export function parseIpAddress(text: string): IpAddress | null {
  const dotted = mappedIPv4(text) ?? text;
  if (isIPv4(dotted)) return { value: ipaddr.IPv4.parse(dotted), zone: '' };
  const percent = text.indexOf('%');
  const plain = percent === -1 ? text : text.slice(0, percent);
  const zone = percent === -1 ? '' : text.slice(percent + 1);
  if (!isIPv6(plain) || (percent !== -1 && !ZONE.test(zone))) return null;
  const value = ipaddr.IPv6.parse(withoutDots(plain));
  return value.isIPv4MappedAddress() ? { value: value.toIPv4Address(), zone: '' } : { value, zone };
}

/** The one spelling of an address: RFC 5952, and IPv4 wherever it can be. */
export function formatIpAddress({ value, zone }: IpAddress): string {
  return zone === '' ? value.toString() : `${value.toString()}%${zone}`;
}

/**
 * The one spelling of what a socket calls its peer. The kernel writes addresses so already, but for IPv4 on a socket that takes IPv6 too.
 * `''` (a unix socket) stays as it is.
 */
export function canonicalPeer(address: string): string {
  return mappedIPv4(address) ?? address;
}

const MAPPED = '::ffff:';

/** `::ffff:192.0.2.1` → `192.0.2.1`, without the microseconds that parsing takes. */
function mappedIPv4(text: string): string | null {
  if (!text.startsWith(MAPPED)) return null;
  const rest = text.slice(MAPPED.length);
  return isIPv4(rest) ? rest : null;
}

/** The address that 4 or 16 bytes in network order are, in its one spelling. */
export function addressOfBytes(bytes: Uint8Array): string {
  const value = ipaddr.fromByteArray([...bytes]);
  const mapped = value instanceof ipaddr.IPv6 && value.isIPv4MappedAddress();
  return (mapped ? value.toIPv4Address() : value).toString();
}

/** `::1.2.3.4` → `::102:304`. ipaddr.js 2.5 takes the former for `::ffff:1.2.3.4`, which is another address. */
function withoutDots(text: string): string {
  if (!text.includes('.')) return text;
  const start = text.lastIndexOf(':') + 1;
  const [a = 0, b = 0, c = 0, d = 0] = ipaddr.IPv4.parse(text.slice(start)).octets;
  return `${text.slice(0, start)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}
