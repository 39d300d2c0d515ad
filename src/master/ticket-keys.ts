import { hkdfSync } from 'node:crypto';
import type { TlsFiles } from '../config/tls-options.ts';
import type { Config, Hooks } from '../settings.ts';

/** What `node:tls` wants for its `ticketKeys`. */
const TICKET_KEYS_BYTES = 48;

/**
 * The keys of the session tickets (RFC 5077) that the workers of a generation share, in base64. They stay the same over reloads, so that
 * sessions do, until a certificate, an authority or `clientCert` changes: whoever resumes a session is not asked for a certificate again,
 * and a ticket from before must not spare a client the new authorities. What a `tlsContext` hook decides the master cannot see, so with
 * one no session outlives its generation.
 *
 * @param secret is random, and the master's alone.
 */
export function ticketKeysOf(
  secret: Buffer,
  facts: { config: Pick<Config, 'clientCert'>; hooks: Hooks; tls: TlsFiles; generation: number },
): string {
  const { config, hooks, tls, generation } = facts;
  const lasting = hooks.tlsContext === undefined ? null : generation;
  const salt = JSON.stringify([tls.cert, tls.ca, config.clientCert, lasting]);
  return Buffer.from(hkdfSync('sha256', secret, salt, 'session tickets', TICKET_KEYS_BYTES)).toString('base64');
}
