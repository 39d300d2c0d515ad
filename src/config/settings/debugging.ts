import { setting } from '../setting.ts';

/** What helps while an application is written. */
export const debugging = [
  setting({
    name: 'reload',
    section: 'Debugging',
    appliesOn: 'restart',
    schema: { type: 'boolean' },
    default: false,
    example: true,
    summary: 'Reload when a source file changes.',
    details: 'For development. In production send HUP after the files are in place.',
  }),
  setting({
    name: 'reloadExtraFiles',
    section: 'Debugging',
    appliesOn: 'restart',
    schema: { type: 'array', items: { type: 'string', minLength: 1 } },
    default: [],
    example: ['./templates', './locales/en.json'],
    summary: 'Further files and directories that `reload` watches.',
    details: 'Paths are relative to the directory the server was started in. They count only with `reload`.',
  }),
] as const;
