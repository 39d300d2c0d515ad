import { setting } from '../setting.ts';

/** Which application runs, and in what surroundings. */
export const application = [
  setting({
    name: 'app',
    section: 'Application',
    appliesOn: 'reload',
    schema: { type: 'string', minLength: 1 },
    example: './app.ts:handler',
    commandLine: 'positional',
    summary: 'The application, as `path[:export]`.',
    details:
      'The path is relative to `chdir`. Without an export the default export is taken. It must be given, here or as the argument of the command.',
  }),
  setting({
    name: 'chdir',
    section: 'Application',
    appliesOn: 'reload',
    schema: { anyOf: [{ type: 'string', minLength: 1 }, { type: 'null' }] },
    default: null,
    example: '/srv/app/current',
    summary: 'The directory that workers change to before they load the application.',
    details:
      '`null` is the directory the server was started in. A symbolic link is followed anew at each reload, so a release can be switched by moving the link.',
  }),
  setting({
    name: 'env',
    section: 'Application',
    appliesOn: 'reload',
    schema: { type: 'object', additionalProperties: { type: 'string' } },
    default: {},
    example: { NODE_ENV: 'production' },
    short: 'e',
    secret: 'byKey',
    summary: 'Environment variables for the workers, on top of those the server was started with.',
    details:
      'On the command line `-e NAME=VALUE`, once for each. Entries from several places are merged by name. A value whose name looks like a secret (`API_KEY`, `DB_PASSWORD`) is never printed or logged.',
  }),
] as const;
