import { setting } from '../setting.ts';

/** Where the server listens. */
export const socket = [
  setting({
    name: 'bind',
    section: 'Socket',
    appliesOn: 'reload',
    schema: {
      anyOf: [
        { type: 'string', minLength: 1 },
        { type: 'array', items: { type: 'string', minLength: 1 }, minItems: 1 },
      ],
    },
    resolved: {
      schema: { type: 'array', items: { type: 'string', minLength: 1 }, minItems: 1 },
      from: (value) => (typeof value === 'string' ? [value] : value),
    },
    default: '127.0.0.1:8000',
    example: ['127.0.0.1:8000', 'unix:/run/app/app.sock'],
    short: 'b',
    environment: { variable: 'PORT', template: '0.0.0.0:$PORT' },
    summary: 'The addresses to listen on.',
    details:
      'Forms: `HOST:PORT`, `[IPv6]:PORT`, `:PORT` (every IPv4 address), `PORT` (this machine only), `unix:PATH`, `fd://NUMBER`. Port 0 lets the kernel choose; the log names the port. A reload binds what is new before it closes what is gone, and refuses a new `fd://NUMBER`. Sockets that systemd passes (`LISTEN_FDS`) take the place of all of them.',
  }),
  setting({
    name: 'backlog',
    section: 'Socket',
    appliesOn: 'reload',
    schema: { type: 'integer', minimum: 1, maximum: 65_535 },
    default: 2048,
    example: 4096,
    summary: 'How many connections may wait to be accepted.',
    details: 'The kernel silently lowers it to its own limit (`net.core.somaxconn` on Linux).',
  }),
  setting({
    name: 'socketMode',
    section: 'Socket',
    appliesOn: 'restart',
    schema: {
      anyOf: [
        { type: 'string', pattern: '^(0|0o)?[0-7]{3}$', title: 'octal digits in quotes such as "0660"' },
        { type: 'integer', minimum: 0, maximum: 0o777, title: 'a number up to 0o777' },
      ],
    },
    resolved: {
      schema: { type: 'integer', minimum: 0, maximum: 0o777 },
      from: (value) => (typeof value === 'string' ? Number.parseInt(value.slice(-3), 8) : value),
    },
    default: 0o660,
    example: 0o600,
    display: 'octal',
    summary: 'The permissions of a unix socket that `bind` creates.',
    details:
      'The default lets the owner and the group connect. Text is read as octal digits; in JSON and YAML write `"0660"`, because a bare number there is decimal.',
  }),
] as const;
