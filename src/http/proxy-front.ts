import type { Socket } from 'node:net';
import { createPending, type Front } from './front.ts';
import type { Peer } from './peer.ts';
import { readProxyHeader } from './proxied-socket.ts';
import type { ProxyVersions } from './proxy-protocol.ts';
import { compileTrust } from './trusted-peers.ts';

export interface ProxyFrontOptions {
  readonly accept: ProxyVersions;
  /** `proxyAllowIps`: nobody else may connect. */
  readonly allowIps: readonly string[];
  readonly timeoutMs: number;
  /** The header was read; `peer` is whom it names. The callee owns `socket`. */
  onPassed(socket: Socket, peer: Peer): void;
  /** The connection is closed. The reason is a sentence for the log. */
  onRefused(reason: string, peer: Peer): void;
}

/** Takes the header of the PROXY protocol off connections that others accept. */
export function createProxyFront(options: ProxyFrontOptions): Front {
  const { accept, timeoutMs, onPassed, onRefused } = options;
  const trust = compileTrust(options.allowIps);
  const pending = createPending<Peer>();

  function refuse(socket: Socket, why: { reason: string; peer: Peer }): void {
    onRefused(why.reason, why.peer);
    socket.destroy();
  }
  return {
    ...pending.front,
    take(socket, peer) {
      socket.on('error', () => {});
      if (!trust.trusts(peer.address)) {
        return refuse(socket, { reason: 'The peer is not in proxyAllowIps.', peer });
      }
      pending.add(socket, peer);
      readProxyHeader(socket, {
        accept,
        timeoutMs,
        onHeader(source) {
          pending.take(socket);
          onPassed(socket, source === null ? peer : { ...peer, ...source });
        },
        onRefused(reason) {
          pending.take(socket);
          refuse(socket, { reason, peer });
        },
      });
    },
  };
}
