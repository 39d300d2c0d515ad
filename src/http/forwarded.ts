import { clientByForwarded, clientByForwardedFor } from './client-hop.ts';
import { createNameJudge, type NameJudge, type NameSettings, type Verdict } from './forwarding-names.ts';
import { canonicalPeer } from './ip-address.ts';
import type { Peer } from './peer.ts';
import { compileTrust, type Trust } from './trusted-peers.ts';

/** The settings that say whom to believe; each means the setting of that name. */
export interface ForwardingSettings extends NameSettings {
  readonly forwardedAllowIps: readonly string[];
}

/** What a request's head says about where it comes from, after what nobody vouches for was removed. */
export type Examined =
  | {
      readonly kind: 'passed';
      /** Name, value, name, value …: what the application may see. The array that was given, if nothing was removed. */
      readonly fields: readonly string[];
      /** The client in canonical form; `''` where a unix socket is all that is known. */
      readonly clientAddress: string;
      /** Whether the client used TLS. */
      readonly secure: boolean;
    }
  /** To be answered with 400. The reason is a sentence for the log. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Reads the forwarding fields of requests. */
export interface Forwarding {
  /**
   * Linear in the size of the head; a request without any name of interest costs under a microsecond.
   *
   * @param fields Alternating names and values (latin1), as they were sent.
   */
  examine(fields: readonly string[], peer: Peer): Examined;
}

/** What a trusted peer told, in the order it was sent. */
interface Told {
  readonly forwardedFor: string[];
  readonly forwarded: string[];
  /** What was read first, and which field said it; `null`: none of them was there. */
  scheme: { readonly name: string; readonly secure: boolean } | null;
  /** The one value of each scheme field. */
  readonly values: Map<string, string>;
}

type Refusal = Extract<Examined, { kind: 'refused' }>;

/**
 * Prepares the rules of `forwardedAllowIps` and its kin. Faulty entries of the lists count for nothing here: the configuration was vetted.
 *
 * - Where both are there, `X-Forwarded-For` wins over `Forwarded`: far more proxies write it, so the other one is more likely a client's.
 * - A trusted field that names the scheme wins over our own TLS: it tells what the client used, the connection only what the proxy did.
 */
export function createForwarding(settings: ForwardingSettings): Forwarding {
  const trust = compileTrust(settings.forwardedAllowIps);
  const names = createNameJudge(settings);
  return {
    examine(fields, peer) {
      for (let index = 0; index < fields.length; index += 2) {
        if (names.isSuspect(fields[index] ?? '')) return sift(fields, { firstSuspect: index, peer, trust, names });
      }
      return { kind: 'passed', fields, clientAddress: canonicalPeer(peer.address), secure: peer.encrypted };
    },
  };
}

interface Sieve {
  readonly firstSuspect: number;
  readonly peer: Peer;
  readonly trust: Trust;
  readonly names: NameJudge;
}

function sift(fields: readonly string[], { firstSuspect, peer, trust, names }: Sieve): Examined {
  const sender = { trusted: trust.trusts(peer.address) };
  const told: Told = { forwardedFor: [], forwarded: [], scheme: null, values: new Map() };
  let kept: string[] | null = null;
  for (let index = firstSuspect; index < fields.length; index += 2) {
    const name = fields[index] ?? '';
    const value = fields[index + 1] ?? '';
    const verdict = names.isSuspect(name) ? names.judge(name, sender) : null;
    if (verdict?.action === 'refuse') {
      return { kind: 'refused', reason: `The field name "${name.slice(0, 64)}" holds "_", and headerMap is "refuse".` };
    }
    if (verdict?.action === 'drop') {
      kept ??= fields.slice(0, index);
      continue;
    }
    kept?.push(name, value);
    const refusal = verdict === null ? null : read({ name, value, verdict }, told);
    if (refusal !== null) return refusal;
  }
  const { address, secure } = clientOf(told, { peer, trust });
  return { kind: 'passed', fields: kept ?? fields, clientAddress: address, secure };
}

interface Field {
  readonly name: string;
  readonly value: string;
  readonly verdict: Verdict;
}

function read({ name, value, verdict }: Field, told: Told): Refusal | null {
  if (verdict.action === 'readAddresses') {
    (verdict.field === 'forwarded' ? told.forwarded : told.forwardedFor).push(value);
  }
  if (verdict.action !== 'readScheme') return null;
  for (const part of value.split(',')) {
    const scheme = part.trim().toLowerCase();
    const known = told.values.get(verdict.field);
    if (known !== undefined && known !== scheme) {
      return { kind: 'refused', reason: `The trusted field "${name}" has two values that contradict each other.` };
    }
    told.values.set(verdict.field, scheme);
    const secure = scheme === verdict.secureValue;
    if (told.scheme !== null && told.scheme.secure !== secure) {
      return {
        kind: 'refused',
        reason: `The trusted fields "${told.scheme.name}" and "${name}" contradict each other about TLS.`,
      };
    }
    told.scheme ??= { name, secure };
  }
  return null;
}

function clientOf(told: Told, { peer, trust }: { peer: Peer; trust: Trust }): { address: string; secure: boolean } {
  const hop = told.forwarded.length === 0 ? null : clientByForwarded(told.forwarded, trust);
  const address = told.forwardedFor.length === 0 ? hop?.address : clientByForwardedFor(told.forwardedFor, trust);
  const proto = hop?.proto ?? null;
  return {
    address: address ?? canonicalPeer(peer.address),
    secure: told.scheme?.secure ?? (proto === null ? peer.encrypted : proto.toLowerCase() === 'https'),
  };
}
