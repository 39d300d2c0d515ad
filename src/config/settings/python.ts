import { setting } from '../setting.ts';
import { textOrList } from './text-or-list.ts';

/** How an application for WSGI is run. They count only where `interface` is `wsgi`, or `auto` finds a Python application. */
export const python = [
  setting({
    name: 'python',
    section: 'Python',
    appliesOn: 'reload',
    schema: { type: 'string', minLength: 1 },
    default: 'python3',
    example: '/srv/app/venv',
    summary: 'The Python that runs the application: an interpreter, or the directory of a virtual environment.',
    details:
      'A name without `/` is looked for in `PATH`, a path is relative to `chdir`. Left at its default, a virtual environment `.venv` or `venv` in `chdir` is taken if there is one and none is active (`VIRTUAL_ENV`). Python 3.9 or newer.',
  }),
  setting({
    name: 'pythonPath',
    section: 'Python',
    appliesOn: 'reload',
    ...textOrList,
    default: [],
    example: ['src', '/srv/shared/python'],
    summary: 'Directories in which Python looks for modules, before all others but `chdir`.',
    details: 'Paths are relative to `chdir`.',
  }),
  setting({
    name: 'processes',
    section: 'Python',
    appliesOn: 'reload',
    schema: { type: 'integer', minimum: 1, maximum: 1000 },
    default: 1,
    example: 4,
    summary: 'How many Python processes each worker runs.',
    details:
      'A worker reads and writes for all its clients and gives a request to a Python process only when its head has arrived, so one worker with several Python processes is what most applications want. `workers` times this number is how many there are in all.',
  }),
  setting({
    name: 'threads',
    section: 'Python',
    appliesOn: 'reload',
    schema: { type: 'integer', minimum: 1, maximum: 1000 },
    default: 1,
    example: 8,
    summary: 'How many requests a Python process answers at a time, each in a thread of its own.',
    details:
      'More than one needs an application that is safe for threads. It helps one that waits, for a database say.',
  }),
  setting({
    name: 'preloadApp',
    section: 'Python',
    appliesOn: 'reload',
    schema: { type: 'boolean' },
    default: false,
    example: true,
    summary: 'Whether the application is loaded once in each worker and its Python processes are forked from there.',
    details:
      'They share its memory, and a replacement is there in milliseconds. What the application opens while it is loaded (connections, threads) does not survive the fork in order.',
  }),
] as const;
