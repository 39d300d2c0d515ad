import ipaddr, { type IPv4, type IPv6 } from 'ipaddr.js';
import { formatIpAddress, type IpAddress, parseIpAddress } from './ip-address.ts';

/** Whom to believe, as `forwardedAllowIps` and `proxyAllowIps` say it. */
export interface Trust {
  /**
   * Whether that peer is one of them. `''` is a peer on a unix socket: those are trusted only where `unix` is said, also beside `*`.
   * What is no address is trusted by `*` alone.
   */
  trusts(address: string): boolean;
  /** One sentence for each entry that is none; such an entry trusts nobody. */
  readonly faults: readonly string[];
}

interface Range {
  readonly first: IpAddress;
  readonly prefixBits: number;
}

/**
 * Reads the entries once, so that each question costs little. IPv4-mapped IPv6 equals IPv4, spellings of IPv6 do not matter. An entry
 * without a zone (`fe80::1`) holds for every interface, one with a zone (`fe80::1%eth0`) for this one only. A range must begin at its own
 * first address: `10.1.2.3/8` is a fault, since nobody knows whether the address or the length was meant.
 */
export function compileTrust(entries: readonly string[]): Trust {
  const addresses = new Set<string>();
  const ranges: Range[] = [];
  const faults: string[] = [];
  const everybody = entries.includes('*');
  const unix = entries.includes('unix');
  for (const entry of entries) {
    if (entry === '*' || entry === 'unix') continue;
    const parsed = parseEntry(entry);
    if ('fault' in parsed) faults.push(parsed.fault);
    else if (parsed.prefixBits === widthOf(parsed.first.value)) addresses.add(formatIpAddress(parsed.first));
    else ranges.push(parsed);
  }

  const includes = (text: string): boolean => {
    // The proxy beside the server is found before anything is parsed.
    if (addresses.has(text)) return true;
    const address = parseIpAddress(text);
    if (address === null) return false;
    if (addresses.has(formatIpAddress(address)) || addresses.has(address.value.toString())) return true;
    return ranges.some((range) => isWithin(address, range));
  };
  return { faults, trusts: (address) => (address === '' ? unix : everybody || includes(address)) };
}

function isWithin({ value, zone }: IpAddress, { first, prefixBits }: Range): boolean {
  return (
    value.kind() === first.value.kind() &&
    (first.zone === '' || first.zone === zone) &&
    value.match(first.value, prefixBits)
  );
}

const widthOf = (value: IPv4 | IPv6): number => (value.kind() === 'ipv4' ? 32 : 128);

function parseEntry(entry: string): Range | { readonly fault: string } {
  const slash = entry.indexOf('/');
  const text = slash === -1 ? entry : entry.slice(0, slash);
  const first = parseIpAddress(text);
  if (first === null) return { fault: `"${entry}" is no address to trust: ${repairOf(entry)}.` };
  const width = widthOf(first.value);
  if (slash === -1) return { first, prefixBits: width };
  // The length of a range within ::ffff:0:0/96 counts from the start of the IPv6 address.
  const mappedBits = width === 32 && text.includes(':') ? 96 : 0;
  const digits = entry.slice(slash + 1);
  const prefixBits = /^(0|[1-9]\d{0,2})$/.test(digits) ? Number(digits) - mappedBits : -1;
  if (prefixBits < 0 || prefixBits > width) {
    return {
      fault: `"${entry}" is no range to trust: the number after "/" goes from ${mappedBits} to ${mappedBits + width}.`,
    };
  }
  const start = firstOfRange(first, prefixBits);
  if (formatIpAddress(start) === formatIpAddress(first)) return { first, prefixBits };
  return {
    fault: `"${entry}" is no range to trust: this address is not the first of its range. Write ${formatIpAddress(start)}/${prefixBits} for the range, or ${formatIpAddress(first)} for the one address.`,
  };
}

function firstOfRange({ value, zone }: IpAddress, prefixBits: number): IpAddress {
  const bytes = value
    .toByteArray()
    .map((byte, index) => byte & (0xff << Math.min(8, Math.max(0, 8 * (index + 1) - prefixBits))));
  return { value: ipaddr.fromByteArray(bytes), zone };
}

function repairOf(entry: string): string {
  if (entry.startsWith('unix')) return 'all unix sockets are meant by the word unix, without a path';
  if (entry.startsWith('[')) return 'write an IPv6 address without brackets and port';
  if (/^[\d.]+:\d+$/.test(entry)) return 'write it without the port, which is another one for each connection';
  if (/^[a-z][\w-]*(\.[\w-]+)*$/i.test(entry)) return 'names are not looked up, write the addresses that it stands for';
  return 'write an IPv4 or IPv6 address, a range such as 10.0.0.0/8, "*" for everybody, or "unix"';
}
