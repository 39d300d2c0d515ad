import type { TlsOptions } from 'node:tls';
import type { Config } from '../settings.ts';

/** What the files of the TLS settings hold, as PEM. `key` is a secret: it is never logged. */
export interface TlsFiles {
  readonly key: string;
  /** The server's certificate, then those between it and the root. */
  readonly cert: string;
  /** Who may sign the certificates of clients; `null`: clients are asked for none. */
  readonly ca: string | null;
}

type TlsSettings = Pick<Config, 'ciphers' | 'clientCert' | 'minVersion'>;

/** The suites of TLS 1.3 (RFC 8446, section B.4) that Node.js takes by default. */
const TLS13_SUITES = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'];

/** What the settings mean to `node:tls`. The master tries it out, a worker serves with it. */
export function tlsOptionsOf(settings: TlsSettings, files: TlsFiles): TlsOptions {
  const { ciphers, clientCert, minVersion } = settings;
  return {
    key: files.key,
    cert: files.cert,
    ...(files.ca === null ? {} : { ca: files.ca }),
    ...(ciphers === null ? {} : { ciphers: withTls13(ciphers) }),
    minVersion,
    requestCert: clientCert !== 'none',
    // With 'optional' Node.js would refuse a client without a certificate too: `http/tls.ts` refuses the bad ones itself.
    rejectUnauthorized: clientCert === 'required',
    // RFC 7301, section 3.2: whoever offers only other protocols is refused in the handshake, not misunderstood after it.
    ALPNProtocols: ['http/1.1'],
  };
}

/**
 * To OpenSSL a list of ciphers says nothing about TLS 1.3, whose suites have names and a list of their own. Node.js takes both from one
 * list and switches TLS 1.3 off where that names none of its suites: nobody who names ciphers of TLS 1.2 means that.
 */
function withTls13(ciphers: string): string {
  const named = ciphers.split(':').some((name) => name.startsWith('TLS_'));
  return named ? ciphers : [...TLS13_SUITES, ciphers].join(':');
}
