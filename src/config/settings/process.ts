import { setting } from '../setting.ts';

/** How the server appears among the processes of the machine. */
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
] as const;
