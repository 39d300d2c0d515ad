import { isIPv6 } from 'node:net';

/** Where to listen, as `bind` says it. `port` 0 lets the kernel choose. */
export type BindAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'fd'; readonly fd: number };

/** What is spoken on every address: with or without TLS. */
export type Scheme = 'http' | 'https';

/** `sun_path` holds 108 bytes on Linux and 104 on macOS, the last of them NUL (unix(7)). */
const LONGEST_UNIX_PATH = process.platform === 'darwin' ? 103 : 107;
const FORMS = 'HOST:PORT, [IPv6]:PORT, :PORT, PORT, unix:PATH or fd://NUMBER';

/**
 * Reads one value of `bind`. `:PORT` means every IPv4 address, as in Gunicorn; a bare `PORT` means this machine only.
 * Returns the fault as a sentence where the text is no address.
 */
export function parseBind(text: string): BindAddress | { readonly fault: string } {
  if (text.startsWith('unix:')) return parseUnix(text);
  if (text.startsWith('fd://')) return parseFd(text);
  const match = /^(?:\[([^\]]*)\]:|([^:[\]\s/]*):)?(\d+)$/.exec(text);
  if (match === null) return { fault: `"${text}" is no address to bind: write ${FORMS}.` };
  const [, v6, name, digits] = match;
  const port = Number(digits);
  if (port > 65_535) return { fault: `"${text}" has no valid port: the highest is 65535.` };
  if (v6 !== undefined) {
    if (!isIPv6(v6))
      return { fault: `"${text}" is no address to bind: what stands in the brackets is no IPv6 address.` };
    return { kind: 'tcp', host: v6, port };
  }
  return { kind: 'tcp', host: name === undefined ? '127.0.0.1' : name === '' ? '0.0.0.0' : name, port };
}

/** The address as people write it, and as `bind` takes it. */
export function formatBind(address: BindAddress): string {
  switch (address.kind) {
    case 'tcp':
      return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
    case 'unix':
      return `unix:${address.path}`;
    case 'fd':
      return `fd://${address.fd}`;
  }
}

/** The address as a browser or a log reader takes it: `http://127.0.0.1:8000`, `unix:/run/app.sock`. */
export function addressUrl(address: BindAddress, scheme: Scheme): string {
  return address.kind === 'tcp' ? `${scheme}://${formatBind(address)}` : formatBind(address);
}

function parseUnix(text: string): BindAddress | { fault: string } {
  const path = text.slice('unix:'.length);
  if (path === '' || path.includes('\0')) return { fault: `"${text}" names no path: write unix:/run/app.sock.` };
  if (Buffer.byteLength(path) > LONGEST_UNIX_PATH) {
    return {
      fault: `"${text}" is too long for a unix socket: at most ${LONGEST_UNIX_PATH} bytes fit. Use a shorter path.`,
    };
  }
  return { kind: 'unix', path };
}

function parseFd(text: string): BindAddress | { fault: string } {
  const digits = text.slice('fd://'.length);
  const fd = Number(digits);
  if (!/^\d{1,7}$/.test(digits) || fd < 3) {
    return { fault: `"${text}" names no inherited descriptor: write fd://NUMBER with a number from 3 up.` };
  }
  return { kind: 'fd', fd };
}
