import { setting } from '../setting.ts';
import { textOrList } from './text-or-list.ts';

/** Whom the server believes about where a request comes from. */
export const proxies = [
  setting({
    name: 'forwardedAllowIps',
    section: 'Proxies',
    appliesOn: 'reload',
    ...textOrList,
    default: '127.0.0.1,::1',
    example: ['10.0.0.0/8', 'unix'],
    environment: { variable: 'FORWARDED_ALLOW_IPS' },
    summary:
      'The proxies whose forwarding headers count: addresses, CIDR ranges, `*` for everybody but unix sockets, `unix` for those.',
    details:
      '`X-Forwarded-*`, `Forwarded`, `X-Real-IP` and what `secureSchemeHeaders` and `forwarderHeaders` name are removed from the requests of all others, so that an application never reads what a stranger made up. The client is the rightmost address of `X-Forwarded-For` (or `Forwarded`) that is no such proxy.',
  }),
  setting({
    name: 'secureSchemeHeaders',
    section: 'Proxies',
    appliesOn: 'reload',
    schema: { type: 'object', additionalProperties: { type: 'string' } },
    default: { 'X-FORWARDED-PROTOCOL': 'ssl', 'X-FORWARDED-PROTO': 'https', 'X-FORWARDED-SSL': 'on' },
    example: { 'X-FORWARDED-PROTO': 'https' },
    summary: 'Header fields by which a trusted proxy says that the client used TLS, and the value that says so.',
    details: 'A request in which two of them contradict each other is answered with 400.',
  }),
  setting({
    name: 'forwarderHeaders',
    section: 'Proxies',
    appliesOn: 'reload',
    ...textOrList,
    default: 'SCRIPT_NAME,PATH_INFO',
    example: ['SCRIPT_NAME', 'REMOTE_USER'],
    summary: 'Further header fields that only a trusted proxy may send, `_` and `-` being the same.',
    details:
      'A trusted proxy has to spell them as they are spelt here. Each other spelling, and everything from others, is removed: a proxy that sends `SCRIPT_NAME` may well hand on a `Script-Name` of its client. `headerMap` does not concern them.',
  }),
  setting({
    name: 'headerMap',
    section: 'Proxies',
    appliesOn: 'reload',
    schema: { type: 'string', enum: ['drop', 'refuse'] },
    default: 'drop',
    example: 'refuse',
    summary:
      'What becomes of a header field with `_` in its name: removed (`drop`), or the request is answered with 400 (`refuse`).',
    details:
      'Behind CGI-like interfaces `X_Forwarded_For` and `X-Forwarded-For` are one name, so that a client could slip a value past a proxy that filters the other spelling.',
  }),
  setting({
    name: 'proxyProtocol',
    section: 'Proxies',
    appliesOn: 'reload',
    schema: { type: 'string', enum: ['off', 'v1', 'v2', 'auto'] },
    default: 'off',
    example: 'auto',
    summary: 'Whether connections begin with a header of the PROXY protocol, and in which version (`auto`: either).',
    details:
      'The header is demanded of the peers in `proxyAllowIps`; a connection without it, or from anybody else, is closed. The address it gives is the client of every request of the connection.',
  }),
  setting({
    name: 'proxyAllowIps',
    section: 'Proxies',
    appliesOn: 'reload',
    ...textOrList,
    default: '127.0.0.1,::1',
    example: ['10.1.2.3', 'unix'],
    summary: 'The peers that may send a header of the PROXY protocol, written like `forwardedAllowIps`.',
    details: 'It counts only with `proxyProtocol`.',
  }),
] as const;
