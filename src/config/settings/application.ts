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
    summary: 'The application, as `path[:export]`, or `module[:callable]` for Python.',
    details:
      'The path is relative to `chdir`. Without an export the default export is taken. A Python application is a module (`shop.wsgi:application`; without a callable `application`), or a function that makes one (`shop:create_app()`). It must be given, here or as the argument of the command.',
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
  setting({
    name: 'interface',
    section: 'Application',
    appliesOn: 'reload',
    schema: { type: 'string', enum: ['auto', 'fetch', 'node', 'wsgi'] },
    default: 'auto',
    example: 'fetch',
    summary:
      'How the application is called: `fetch` (Request in, Response out), `node` (request, response), `wsgi` (Python), or what it looks like (`auto`).',
    details:
      '`auto` takes an object with a method `fetch`, and what is exported under the name `fetch`, for `fetch`, and everything else for `node`. A target that names a Python module, and no file of JavaScript or TypeScript, is one for `wsgi`. Say `fetch` for a bare function of one parameter.',
  }),
  setting({
    name: 'fastFetch',
    section: 'Application',
    appliesOn: 'reload',
    schema: { type: 'boolean' },
    default: true,
    example: false,
    summary: 'Whether fetch applications get light `Request` and `Response` classes in place of those of Node.js.',
    details:
      'They behave the same and cost a tenth. The global classes are replaced in the workers before the application is loaded; responses of the classes of Node.js are accepted too.',
  }),
] as const;
