import { setting } from '../setting.ts';

/** On its own because the access log asks whether the format is still the default one. */
export const accessLogFormatSetting = setting({
  name: 'accessLogFormat',
  section: 'Logging',
  appliesOn: 'reload',
  schema: { type: 'string', minLength: 1 },
  default: '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"',
  example: '%(h)s "%(r)s" %(s)s %(M)s',
  summary: 'The shape of a line of the access log.',
  details:
    'The atoms are those of Gunicorn: `h l u t r m U q H s b B f a T M D L p`, `{name}i` for a request header, `{name}o` for a response header, `{name}e` for an environment variable. What a client sends is escaped: one request is one line.',
});

/** What is written down, where and how. */
export const logging = [
  setting({
    name: 'accessLog',
    section: 'Logging',
    appliesOn: 'reload',
    schema: { anyOf: [{ type: 'string', minLength: 1 }, { type: 'null' }] },
    default: null,
    example: '-',
    summary: 'Where each request is logged: a path, or `-` for standard output; `null`: nowhere.',
    details: 'The signal USR1 makes the server open the file again, as logrotate wants it.',
  }),
  accessLogFormatSetting,
  setting({
    name: 'errorLog',
    section: 'Logging',
    appliesOn: 'reload',
    schema: { type: 'string', minLength: 1 },
    default: '-',
    example: '/var/log/app/error.log',
    summary: "Where the server's own log goes: a path, or `-` for standard error.",
    details: 'The signal USR1 makes the server open the file again.',
  }),
  setting({
    name: 'logLevel',
    section: 'Logging',
    appliesOn: 'reload',
    schema: { type: 'string', enum: ['debug', 'info', 'warn', 'error'] },
    default: 'info',
    example: 'warn',
    summary: "The least important level that the server's own log holds.",
    details: 'Each level includes those after it.',
  }),
  setting({
    name: 'logFormat',
    section: 'Logging',
    appliesOn: 'reload',
    schema: { type: 'string', enum: ['auto', 'pretty', 'json'] },
    default: 'auto',
    example: 'json',
    summary: 'Lines for people (`pretty`) or for machines (`json`).',
    details: '`auto` is `pretty` on a terminal and `json` everywhere else.',
  }),
] as const;
