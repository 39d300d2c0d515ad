import type { ProxiedEnd } from './proxy-protocol.ts';

/** Who is at the other end of a connection, as far as the connection itself tells. */
export interface Peer {
  /** `''` on a unix socket. With the PROXY protocol, the source that the header names. */
  readonly address: string;
  /** 0 where there is none. */
  readonly port: number;
  /** Whether the connection speaks TLS with this server. */
  readonly encrypted: boolean;
  /** The address of ours that it connected to; absent for a unix socket. */
  readonly server?: { readonly name: string; readonly port: number };
  /** Where the client that a PROXY header names had connected to; absent where none names one. */
  readonly proxied?: ProxiedEnd;
}
