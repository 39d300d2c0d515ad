import { readFileSync, readlinkSync } from 'node:fs';
import { endianness } from 'node:os';

/** Where a socket is bound. A path that begins with `@` is an abstract name (unix(7)). */
export type SocketAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** What a descriptor of this process is. */
export type Descriptor =
  /** A stream socket that somebody called listen(2) on. */
  | { readonly is: 'listening'; readonly address: SocketAddress }
  /** Anything else; `what` completes the sentence 'it is …'. */
  | { readonly is: 'other'; readonly what: string }
  /** A socket that the kernel's tables do not hold: of another network namespace, or never bound. Or there are no tables (macOS). */
  | { readonly is: 'unknown' };

/** How the kernel's files are read; `null`: there is no such file. Tests give others. */
export interface ProcFiles {
  read(path: string): string | null;
  linkOf(path: string): string | null;
}

/** The column of that name in proc_net_tcp(5), and in the table of UDP. */
const INODE = 9;
/** TCP_LISTEN in the column `st` of proc_net_tcp(5). */
const TCP_LISTEN = '0A';
/** __SO_ACCEPTCON in the column `Flags` of /proc/net/unix (proc(5)): somebody called listen(2). */
const ACCEPTS = 0x1_0000;
const UNIX_STREAM = '0001';
const CONNECTION = 'a connection, or a stream socket that nobody listens on';

const procFiles: ProcFiles = {
  read: (path) => orNull(() => readFileSync(path, 'utf8')),
  linkOf: (path) => orNull(() => readlinkSync(path)),
};

/**
 * Where the listening stream socket behind a descriptor is bound; `null` when it is none, or of another network namespace. Node offers no
 * getsockopt(2), so it is asked of the files of Linux that list all sockets.
 */
export function describeListeningSocket(fd: number): SocketAddress | null {
  const found = inspectDescriptor(fd);
  return found.is === 'listening' ? found.address : null;
}

/** What a descriptor is, without touching it. */
export function inspectDescriptor(fd: number, files: ProcFiles = procFiles): Descriptor {
  if (files.linkOf('/proc/self/exe') === null) return { is: 'unknown' };
  const link = files.linkOf(`/proc/self/fd/${fd}`);
  if (link === null) return { is: 'other', what: 'not open' };
  const [, inode] = /^socket:\[(\d+)\]$/.exec(link) ?? [];
  if (inode === undefined) return { is: 'other', what: link.startsWith('pipe:') ? 'a pipe' : `no socket, but ${link}` };
  return tcpSocket(inode, files) ?? unixSocket(inode, files) ?? datagramSocket(inode, files) ?? { is: 'unknown' };
}

function tcpSocket(inode: string, files: ProcFiles): Descriptor | null {
  for (const table of ['tcp', 'tcp6']) {
    const row = rowsOf(table, files).find((columns) => columns[INODE] === inode);
    if (row === undefined) continue;
    const [, local = '', , state] = row;
    return state === TCP_LISTEN ? { is: 'listening', address: tcpAddress(local) } : { is: 'other', what: CONNECTION };
  }
  return null;
}

function unixSocket(inode: string, files: ProcFiles): Descriptor | null {
  const lines = (files.read('/proc/self/net/unix') ?? '').split('\n');
  for (const line of lines) {
    const [, flags = '', type, rowInode, path = ''] = /^\S+ \S+ \S+ (\S+) (\S+) \S+ +(\d+)(?: (.*))?$/.exec(line) ?? [];
    if (rowInode !== inode) continue;
    if (type !== UNIX_STREAM) return { is: 'other', what: 'a unix socket for datagrams or packets' };
    const accepts = (Number.parseInt(flags, 16) & ACCEPTS) !== 0;
    return accepts ? { is: 'listening', address: { kind: 'unix', path } } : { is: 'other', what: CONNECTION };
  }
  return null;
}

function datagramSocket(inode: string, files: ProcFiles): Descriptor | null {
  const found = ['udp', 'udp6'].some((table) => rowsOf(table, files).some((row) => row[INODE] === inode));
  return found ? { is: 'other', what: 'a datagram socket (UDP)' } : null;
}

/** The columns of each row of a table of proc_net_tcp(5): its number, local and remote address, state, and so on. */
function rowsOf(table: string, files: ProcFiles): string[][] {
  const lines = (files.read(`/proc/self/net/${table}`) ?? '').split('\n').slice(1);
  return lines.map((line) => line.trim().split(/\s+/));
}

/** `0100007F:1F90`: words of 32 bits as the machine stores them, and the port. */
function tcpAddress(text: string): SocketAddress {
  const [words = '', port = ''] = text.split(':');
  const bytes = Buffer.from(words, 'hex');
  if (endianness() === 'LE') bytes.swap32();
  const host = bytes.length === 4 ? [...bytes].join('.') : shortIPv6(bytes);
  return { kind: 'tcp', host, port: Number.parseInt(port, 16) };
}

/** As people write it: `::1`. */
function shortIPv6(bytes: Buffer): string {
  const groups = bytes.toString('hex').match(/.{4}/g) ?? [];
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

function orNull(read: () => string): string | null {
  try {
    return read();
  } catch {
    return null;
  }
}
