import { fstatSync } from 'node:fs';
import { TsunicornError, unreachable } from '../errors.ts';
import { type BindAddress, formatBind, parseBind } from './address.ts';
import type { Listener } from './bind.ts';
import { inspectDescriptor, type SocketAddress } from './listening-socket.ts';
import type { SocketFile } from './socket-file.ts';

/** The variable in which a master tells the one that takes its place what sockets it was given. */
export const INHERITANCE_VARIABLE = 'TSUNICORN_LISTENERS';
/** 0 to 2 are the standard streams. */
const LOWEST_FD = 3;

/** A listening socket that came from the master before this one. */
export interface InheritedSocket {
  readonly fd: number;
  /** What `bind` said when it was bound: with port 0 that is not where it listens. */
  readonly written: string;
  readonly address: BindAddress;
  /** See `Listener`. */
  readonly name: string | null;
  readonly file: SocketFile | null;
}

/** What the variable says, checked. */
export interface Inheritance {
  readonly parentPid: number;
  /** Those that a service manager passed to the first master, in the form of `bind`: they take its place, as they did there. */
  readonly passed: readonly string[];
  readonly sockets: readonly InheritedSocket[];
}

/** The value of the variable for sockets that the new process finds from `firstFd` up, in this order. */
export function describeInheritance(
  sockets: readonly { readonly written: string; readonly listener: Listener }[],
  { parentPid, firstFd, passed }: { parentPid: number; firstFd: number; passed: readonly string[] },
): string {
  const described = sockets.map(({ written, listener: { address, name, file } }, index) => ({
    ...{ fd: firstFd + index, bind: written, address: formatBind(address), name, file },
  }));
  return JSON.stringify({ parent: parentPid, passed, sockets: described });
}

/**
 * Takes the variable out of the environment, and checks all that it says before any descriptor is touched: it is from the process that
 * started this one, and each descriptor is a listening socket on the address that is claimed. `null`: there is no such variable.
 *
 * @throws TsunicornError `INHERITANCE_REFUSED`
 */
export function takeInheritance(env: NodeJS.ProcessEnv, { parentPid }: { parentPid: number }): Inheritance | null {
  const text = env[INHERITANCE_VARIABLE];
  delete env[INHERITANCE_VARIABLE];
  if (text === undefined) return null;
  const claim = parse(text);
  if (claim === null) throw refused('it is none of its own making');
  if (claim.parentPid !== parentPid) {
    throw refused(`it was made by process ${claim.parentPid}, and process ${parentPid} started this one`);
  }
  for (const socket of claim.sockets) {
    const fault = faultOf(socket);
    if (fault !== null) throw refused(`descriptor ${socket.fd}, said to be ${formatBind(socket.address)}, ${fault}`);
  }
  const fds = new Set(claim.sockets.map(({ fd }) => fd));
  if (fds.size < claim.sockets.length) throw refused('it names a descriptor twice');
  return claim;
}

export function refused(why: string): TsunicornError {
  const advice = 'A master sets it for the one that takes its place (USR2), and nobody else may: unset it.';
  return new TsunicornError(
    'INHERITANCE_REFUSED',
    `The variable ${INHERITANCE_VARIABLE} is refused: ${why}. ${advice}`,
  );
}

/** Why the descriptor is not what it is said to be. */
function faultOf({ fd, address }: InheritedSocket): string | null {
  const found = inspectDescriptor(fd);
  switch (found.is) {
    case 'other':
      return `is ${found.what}`;
    case 'unknown':
      if (!isSocket(fd)) return 'is no open socket';
      // One that a service manager passed may be of another network namespace; and macOS has no tables.
      return process.platform === 'linux' && address.kind !== 'fd' ? 'is no socket that listens here' : null;
    case 'listening':
      return isAt(address, found.address) ? null : 'listens elsewhere';
    default:
      return unreachable(found);
  }
}

/** A host is a name perhaps, or written in another way: what the kernel calls it is compared when the socket is adopted. */
function isAt(address: BindAddress, actual: SocketAddress): boolean {
  switch (address.kind) {
    case 'tcp':
      return actual.kind === 'tcp' && actual.port === address.port;
    case 'unix':
      return actual.kind === 'unix' && actual.path === address.path;
    case 'fd':
      return true;
    default:
      return unreachable(address);
  }
}

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    return false;
  }
}

function parse(text: string): Inheritance | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(value) || !isWhole(value.parent) || !Array.isArray(value.sockets)) return null;
  const sockets = value.sockets.map(parseSocket).filter((socket) => socket !== null);
  if (sockets.length < value.sockets.length) return null;
  const written = sockets.flatMap(({ written: name, address }) => (address.kind === 'fd' ? [name] : []));
  const { passed } = value;
  if (!Array.isArray(passed) || !passed.every((name) => written.includes(name))) return null;
  return { parentPid: value.parent, passed, sockets };
}

function parseSocket(value: unknown): InheritedSocket | null {
  if (!isRecord(value)) return null;
  const { fd, bind, address: addressText, name, file } = value;
  if (!isWhole(fd) || fd < LOWEST_FD || typeof bind !== 'string' || typeof addressText !== 'string') return null;
  const address = parseBind(addressText);
  if ('fault' in address || (name !== null && typeof name !== 'string')) return null;
  if (file === null) return { fd, written: bind, address, name, file };
  return isSocketFile(file) && address.kind === 'unix' && file.path === address.path
    ? { fd, written: bind, address, name, file }
    : null;
}

function isSocketFile(value: unknown): value is SocketFile {
  return isRecord(value) && [value.path, value.device, value.inode].every((text) => typeof text === 'string');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}
