import { setting } from '../setting.ts';

const optionalPath = { anyOf: [{ type: 'string', minLength: 1 }, { type: 'null' }] } as const;

/** HTTPS. The files are read by the master, at the start and at each reload. */
export const tls = [
  setting({
    name: 'keyFile',
    section: 'TLS',
    appliesOn: 'reload',
    schema: optionalPath,
    default: null,
    example: '/etc/ssl/private/app.key',
    summary: 'The private key (PEM) of the certificate in `certFile`; `null`: no TLS.',
    details:
      'With `keyFile` and `certFile` every address of `bind` speaks HTTPS. A reload takes other files, but can not switch TLS on or off.',
  }),
  setting({
    name: 'certFile',
    section: 'TLS',
    appliesOn: 'reload',
    schema: optionalPath,
    default: null,
    example: '/etc/ssl/certs/app.pem',
    summary: 'The certificate (PEM), followed by those between it and the root.',
    details:
      'A reload takes a renewed file for new connections and leaves the others alone. A key that does not fit, or a certificate that has expired, makes the reload fail and changes nothing.',
  }),
  setting({
    name: 'caFile',
    section: 'TLS',
    appliesOn: 'reload',
    schema: optionalPath,
    default: null,
    example: '/etc/ssl/certs/clients-ca.pem',
    summary: 'The authorities (PEM) that may sign the certificates of clients.',
    details: 'It is given together with `clientCert`, and not without.',
  }),
  setting({
    name: 'clientCert',
    section: 'TLS',
    appliesOn: 'reload',
    schema: { type: 'string', enum: ['none', 'optional', 'required'] },
    default: 'none',
    example: 'required',
    summary: 'Whether clients are asked for a certificate.',
    details:
      '`required` refuses a connection without a certificate that `caFile` vouches for; `optional` refuses only a bad one.',
  }),
  setting({
    name: 'ciphers',
    section: 'TLS',
    appliesOn: 'reload',
    schema: { anyOf: [{ type: 'string', minLength: 1 }, { type: 'null' }] },
    default: null,
    example: 'ECDHE+AESGCM:ECDHE+CHACHA20',
    summary: 'The ciphers, as OpenSSL writes them; `null`: those that Node.js takes.',
    details:
      'A list that OpenSSL does not understand is refused with the rest of the configuration. TLS 1.3 keeps its own ciphers where the list names none of them (`TLS_…`).',
  }),
  setting({
    name: 'minVersion',
    section: 'TLS',
    appliesOn: 'reload',
    schema: { type: 'string', enum: ['TLSv1.2', 'TLSv1.3'] },
    default: 'TLSv1.2',
    example: 'TLSv1.3',
    summary: 'The oldest version of TLS that is spoken.',
    details: 'Older ones than TLSv1.2 are not to be had: they are broken (RFC 8996).',
  }),
] as const;
