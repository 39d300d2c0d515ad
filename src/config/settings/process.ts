import { setting } from '../setting.ts';

const nameOrNumber = {
  schema: {
    anyOf: [
      { type: 'string', minLength: 1, title: 'a name or a number' },
      { type: 'integer', minimum: 0, maximum: 4_294_967_294, title: 'a number' },
      { type: 'null' },
    ],
  },
  resolved: {
    schema: { anyOf: [{ type: 'string', minLength: 1 }, { type: 'null' }] },
    from: (value: unknown) => (typeof value === 'number' ? String(value) : value),
  },
} as const;

/** How the server appears among the processes of the machine, and what it may do there. */
export const serverProcess = [
  setting({
    name: 'pidFile',
    section: 'Process',
    appliesOn: 'restart',
    schema: { anyOf: [{ type: 'string', minLength: 1 }, { type: 'null' }] },
    default: null,
    example: '/run/app/app.pid',
    short: 'p',
    summary: "The file that holds the master's process id; `null`: none.",
    details: 'A file whose process is gone is replaced. A file that names a running server stops the start.',
  }),
  setting({
    name: 'procName',
    section: 'Process',
    appliesOn: 'restart',
    schema: { type: 'string', minLength: 1 },
    default: 'tsunicorn',
    example: 'shop',
    short: 'n',
    summary: 'The name under which `ps` and `top` show the processes.',
    details: 'The role of the process and the number of the worker are added.',
  }),
  setting({
    name: 'user',
    section: 'Process',
    appliesOn: 'restart',
    ...nameOrNumber,
    default: null,
    example: 'www-data',
    short: 'u',
    summary: 'The user that workers run as, by name or number; `null`: the one that starts the server.',
    details:
      "Only root can become another user. The master stays root; each worker, and so each Python process, takes this user's groups, gives up root for good and makes sure of it before it reads anything of the application. `HOME`, `USER` and `LOGNAME` become those of the user, unless `env` sets them. Log files and unix sockets are given to the user.",
  }),
  setting({
    name: 'group',
    section: 'Process',
    appliesOn: 'restart',
    ...nameOrNumber,
    default: null,
    example: 'www-data',
    short: 'g',
    summary: 'The group that workers run in, by name or number; `null`: that of `user`.',
    details:
      'The other groups of `user` are always set too. A number as `user` that no account has needs a `group`. Unix sockets belong to this group.',
  }),
  setting({
    name: 'umask',
    section: 'Process',
    appliesOn: 'reload',
    schema: {
      anyOf: [
        { type: 'string', pattern: '^(0o?)?[0-7]{1,3}$', title: 'octal digits in quotes such as "027"' },
        { type: 'integer', minimum: 0, maximum: 0o777, title: 'a number up to 0o777' },
      ],
    },
    resolved: {
      schema: { type: 'integer', minimum: 0, maximum: 0o777 },
      from: (value) => (typeof value === 'string' ? Number.parseInt(value.replace('o', ''), 8) : value),
    },
    default: 0o027,
    example: 0o077,
    short: 'm',
    display: 'octal',
    summary: 'The permissions that files which workers make do not get.',
    details:
      'The default keeps everybody but the user and the group out. It holds from before the application is loaded, in Python processes too. Text is read as octal digits; in JSON and YAML write `"027"`, because a bare number there is decimal.',
  }),
  setting({
    name: 'daemon',
    section: 'Process',
    appliesOn: 'restart',
    schema: { type: 'boolean' },
    default: false,
    example: true,
    short: 'D',
    summary: 'Whether the server goes to the background, in a session of its own.',
    details:
      'The command ends when all workers are ready, or with the error that keeps the server from starting. It needs files for `errorLog` and `accessLog`: whatever else is written to standard output and error is lost. The directory stays that in which it was started. Under systemd or in a container leave it off.',
  }),
] as const;
