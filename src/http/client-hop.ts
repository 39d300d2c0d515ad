import { parseForwarded } from './forwarded-field.ts';
import { formatIpAddress, parseIpAddress } from './ip-address.ts';
import type { Trust } from './trusted-peers.ts';

/** The client as trusted proxies tell it. */
export interface ClientHop {
  /** `null`: they told no address that can be believed. */
  readonly address: string | null;
  /** The protocol that the client used, as `Forwarded` names it. */
  readonly proto: string | null;
}

/**
 * The client by `X-Forwarded-For`: the rightmost address that is no trusted proxy, or the leftmost when all are. Nothing left of an entry
 * that is no address is believed: whoever wrote that entry does not say who came before.
 *
 * @param values The field values in the order they were sent.
 */
export function clientByForwardedFor(values: readonly string[], trust: Trust): string | null {
  let client: string | null = null;
  for (let index = values.length - 1; index >= 0; index--) {
    const value = values[index] ?? '';
    let end = value.length;
    while (end >= 0) {
      const comma = end === 0 ? -1 : value.lastIndexOf(',', end - 1);
      const address = addressOfNode(value.slice(comma + 1, end).trim(), { bracketsOnly: false });
      if (address === null) return client;
      client = address;
      if (!trust.trusts(address)) return client;
      end = comma;
    }
  }
  return client;
}

/** The client by `Forwarded`, in the same way. A field that is malformed is like an entry that is no address. */
export function clientByForwarded(values: readonly string[], trust: Trust): ClientHop {
  let hop: ClientHop = { address: null, proto: null };
  for (let index = values.length - 1; index >= 0; index--) {
    const elements = parseForwarded(values[index] ?? '');
    if (elements === null) return hop;
    for (const element of elements.toReversed()) {
      const address = element.for === null ? null : addressOfNode(element.for, { bracketsOnly: true });
      // The protocol is what the writer of this element saw, and the writer is trusted.
      hop = { address: address ?? hop.address, proto: element.proto };
      if (address === null || !trust.trusts(address)) return hop;
    }
  }
  return hop;
}

/** `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]:80` (RFC 7239, section 6) and, in `X-Forwarded-For`, `2001:db8::1`. */
function addressOfNode(node: string, { bracketsOnly }: { bracketsOnly: boolean }): string | null {
  if (node.startsWith('[')) {
    const close = node.indexOf(']');
    return close !== -1 && isPort(node.slice(close + 1)) ? addressIn(node.slice(1, close), ':') : null;
  }
  const colon = node.indexOf(':');
  if (colon === -1) return addressIn(node, '.');
  if (node.indexOf(':', colon + 1) !== -1) return bracketsOnly ? null : addressIn(node, ':');
  return isPort(node.slice(colon)) ? addressIn(node.slice(0, colon), '.') : null;
}

const isPort = (text: string): boolean => text === '' || /^:(?:\d{1,5}|_[\w.-]{1,64})$/.test(text);

function addressIn(text: string, mark: '.' | ':'): string | null {
  const address = text.includes(mark) ? parseIpAddress(text) : null;
  return address === null ? null : formatIpAddress(address);
}
