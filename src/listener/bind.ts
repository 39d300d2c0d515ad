import { lookup } from 'node:dns/promises';
import { closeSync, existsSync } from 'node:fs';
import * as net from 'node:net';
import { dirname } from 'node:path';
import { getSystemErrorName } from 'node:util';
import { messageOf, TsunicornError } from '../errors.ts';
import { addressUrl, type BindAddress, formatBind, type Scheme } from './address.ts';
import { type InheritedSocket, refused } from './inheritance.ts';
import { describeListeningSocket } from './listening-socket.ts';
import { noteSocketFile, type SocketFile } from './socket-file.ts';
import { clearPath, giveSocket, type SocketOwner } from './unix-path.ts';

/**
 * A bound socket that the master holds while a configuration names it, and never accepts from. Workers inherit `fd` and listen on it.
 * Whoever called `bindAddress` owns it and must `close` it, which leaves the file of a unix socket where it is.
 */
export interface Listener {
  readonly fd: number;
  /** The address with the port that the kernel chose. */
  readonly address: BindAddress;
  readonly url: string;
  /** What the kernel calls a TCP socket (getsockname(2)); `null` for the others. */
  readonly name: string | null;
  /** What `bind` made on the disk, and nobody removes by itself; `null`: nothing. */
  readonly file: SocketFile | null;
  /** This process was started with the descriptor. */
  readonly inherited: boolean;
  close(): void;
}

/** The part of libuv's TCP and pipe wraps that is used here. `net._createServerHandle` is undocumented, and stays within this file. */
interface ServerHandle {
  readonly fd: number;
  getsockname?(out: SocketName): number;
  close(): void;
}

export interface BindOptions {
  readonly scheme: Scheme;
  readonly socketMode: number;
  /** Whom unix sockets are given to; `null` or absent: to whoever makes them. */
  readonly owner?: SocketOwner | null;
  /** A unix socket that nobody answered on was removed. */
  onStale?(path: string): void;
}

/**
 * Binds one address; nothing listens yet.
 *
 * @throws TsunicornError `BIND_IN_USE`, `BIND_FAILED`
 */
export async function bindAddress(
  address: BindAddress,
  { scheme, socketMode, owner = null, onStale }: BindOptions,
): Promise<Listener> {
  switch (address.kind) {
    case 'tcp':
      return bindTcp(address, scheme);
    case 'unix':
      if ((await makeWay(address)) === 'stale') onStale?.(address.path);
      return bindUnix(address, { scheme, socketMode, owner });
    case 'fd':
      return adoptDescriptor(address, scheme);
  }
}

async function bindTcp(address: BindAddress & { kind: 'tcp' }, scheme: Scheme): Promise<Listener> {
  const { address: ip, family } = await lookup(address.host).catch((cause: unknown) => {
    const advice = `The name does not resolve (${messageOf(cause)}). Write an address, such as 127.0.0.1, or correct "bind".`;
    throw new TsunicornError('BIND_FAILED', `Cannot listen on ${formatBind(address)}: ${advice}`, { cause });
  });
  const handle = createHandle(address, [ip, address.port, family, undefined, 0]);
  // libuv reports EADDRINUSE only when one listens or asks for the name (uv_tcp_bind): ask now, before any worker is started.
  const name: SocketName = {};
  const errno = handle.getsockname?.(name) ?? 0;
  if (errno !== 0) {
    handle.close();
    throw bindError(address, errno);
  }
  const bound: BindAddress = { kind: 'tcp', host: address.host, port: name.port ?? address.port };
  return asListener(handle, { address: bound, url: addressUrl(bound, scheme) });
}

function bindUnix(
  address: BindAddress & { kind: 'unix' },
  { scheme, socketMode, owner }: { scheme: Scheme; socketMode: number; owner: SocketOwner | null },
): Listener {
  const handle = createUnixHandle(address, { socketMode, owner });
  // libuv removes the path when it closes the handle that bound it, whoever else still listens there and whatever is there by then. So the
  // descriptor is closed past the handle, which nothing waits for; it is never collected, and a few hundred bytes are its price.
  const close = () => closeSync(handle.fd);
  return asListener(handle, {
    ...{ address, url: addressUrl(address, scheme), file: noteSocketFile(address.path), close },
  });
}

async function makeWay(address: BindAddress & { kind: 'unix' }): Promise<'free' | 'stale'> {
  const way = await clearPath(address.path);
  if (way === 'taken') throw inUse(address);
  return way;
}

function createUnixHandle(
  address: BindAddress & { kind: 'unix' },
  { socketMode, owner }: { socketMode: number; owner: SocketOwner | null },
): ServerHandle {
  const handle = handleFor(address, owner === null ? socketMode : 0);
  if (owner === null) return handle;
  try {
    giveSocket(address.path, { owner, mode: socketMode });
    return handle;
  } catch (cause) {
    handle.close();
    const why = `the socket can not be given to uid ${owner.uid} and gid ${owner.gid} (${messageOf(cause)})`;
    const message = `Cannot listen on ${formatBind(address)}: ${why}. Change "bind", "user" or "group".`;
    throw new TsunicornError('BIND_FAILED', message, { cause });
  }
}

function handleFor(address: BindAddress & { kind: 'unix' }, mode: number): ServerHandle {
  // The mode holds from the first moment: chmod after bind would leave a gap in which anybody may connect.
  const umaskBefore = process.umask(0o777 & ~mode);
  try {
    return createHandle(address, [address.path, -1, -1, undefined, undefined]);
  } finally {
    process.umask(umaskBefore);
  }
}

function adoptDescriptor(address: BindAddress & { kind: 'fd' }, scheme: Scheme): Listener {
  const handle = createHandle(address, [null, 0, -1, address.fd, 0]);
  return asListener(handle, { address, url: urlOfDescriptor(handle, address, scheme), inherited: true });
}

/** Where a descriptor listens, which may have another number by now than `bind` says. */
function urlOfDescriptor(handle: ServerHandle, address: BindAddress & { kind: 'fd' }, scheme: Scheme): string {
  const name: SocketName = {};
  const isTcp = handle.getsockname?.(name) === 0 && name.address !== undefined && name.port !== undefined;
  const bound = isTcp
    ? { kind: 'tcp' as const, host: name.address ?? '', port: name.port ?? 0 }
    : describeListeningSocket(handle.fd);
  // To listen on it would have the kernel choose a port, and each time another one.
  if (bound?.kind === 'tcp' && bound.port === 0) {
    handle.close();
    throw new TsunicornError(
      'BIND_FAILED',
      `Cannot listen on ${formatBind(address)}: that socket is bound to no address. Pass a listening socket, or write an address.`,
    );
  }
  return addressUrl(bound === null || (bound.kind === 'unix' && bound.path === '') ? address : bound, scheme);
}

/**
 * Takes over a socket that the master before this one has bound.
 *
 * @throws TsunicornError `INHERITANCE_REFUSED` when it is bound elsewhere than it was said to be
 */
export function adoptInherited({ fd, address, name, file }: InheritedSocket, scheme: Scheme): Listener {
  const handle = createHandle(address, [null, 0, -1, fd, 0]);
  const url = address.kind === 'fd' ? urlOfDescriptor(handle, address, scheme) : addressUrl(address, scheme);
  const listener = asListener(handle, { address, url, file, inherited: true });
  if (listener.name === name) return listener;
  throw refused(`descriptor ${fd}, said to be ${formatBind(address)}, is bound elsewhere`);
}

interface ListenerFacts {
  readonly address: BindAddress;
  readonly url: string;
  readonly file?: SocketFile | null;
  readonly inherited?: boolean;
  /** Default: closes the handle. */
  readonly close?: () => void;
}

function asListener(handle: ServerHandle, { file = null, inherited = false, ...facts }: ListenerFacts): Listener {
  const { close = () => handle.close() } = facts;
  let open = true;
  return {
    ...{ fd: handle.fd, address: facts.address, url: facts.url, name: nameOf(handle), file, inherited },
    close() {
      if (open) close();
      open = false;
    },
  };
}

/** What `getsockname` fills in. */
interface SocketName {
  address?: string;
  port?: number;
}

function nameOf(handle: ServerHandle): string | null {
  const name: SocketName = {};
  return handle.getsockname?.(name) === 0 && name.address !== undefined ? `${name.address} ${name.port}` : null;
}

type HandleArguments = [
  address: string | null,
  port: number,
  family: number,
  fd: number | undefined,
  flags: number | undefined,
];

function createHandle(address: BindAddress, parameters: HandleArguments): ServerHandle {
  const create = Reflect.get(net, '_createServerHandle') as (...parameters: HandleArguments) => ServerHandle | number;
  const made = create(...parameters);
  if (typeof made === 'number') throw bindError(address, made);
  return made;
}

function bindError(address: BindAddress, errno: number): TsunicornError {
  const name = errnoName(address, errno);
  if (name === 'EADDRINUSE') return inUse(address);
  const advice = {
    EACCES:
      'permission denied. Ports below 1024 need root or CAP_NET_BIND_SERVICE; a unix socket needs a writable directory.',
    EADDRNOTAVAIL: 'this machine has no such address. "ip addr" lists those it has; 0.0.0.0 means all of them.',
    EAFNOSUPPORT: 'this machine does not speak that address family. Is IPv6 switched off?',
    ENOENT: 'its directory does not exist. Create it or change "bind".',
    // Node does not tell a descriptor that is closed from one that is a file.
    EINVAL: 'that descriptor is no open socket. Pass a listening socket, or write an address.',
  }[name];
  return new TsunicornError(
    'BIND_FAILED',
    `Cannot listen on ${formatBind(address)}: ${advice ?? `${name}. Change "bind".`}`,
  );
}

/** libuv says EACCES where the directory of a unix socket is not there (uv_pipe_bind2 in src/unix/pipe.c). */
function errnoName(address: BindAddress, errno: number): string {
  if (address.kind === 'unix' && !existsSync(dirname(address.path))) return 'ENOENT';
  return getSystemErrorName(errno);
}

/** The error for an address that another process holds, with the command that shows which. */
function inUse(address: BindAddress): TsunicornError {
  const show =
    address.kind === 'tcp' ? `ss -ltnp 'sport = :${address.port}'` : `ss -lxp | grep '${formatBind(address).slice(5)}'`;
  const message = `Cannot listen on ${formatBind(address)}: another process already listens there. Stop it (${show} shows which) or change "bind".`;
  return new TsunicornError('BIND_IN_USE', message);
}
