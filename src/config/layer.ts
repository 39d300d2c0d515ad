import { basename } from 'node:path';

/** A value and the place it came from, as `--print-config` names it. */
export interface Given {
  readonly value: unknown;
  /** `default`, `file /srv/tsunicorn.conf.ts`, `environment PORT`, `environment TSUNICORN_CMD_ARGS --workers`, `flag --workers`, `systemd (LISTEN_FDS)`. */
  readonly source: string;
}

/** The values that come from one place, by the name of their setting. */
export type Layer = ReadonlyMap<string, Given>;

/** A layer that sets nothing. */
export const emptyLayer: Layer = new Map();

/** The variable that holds further flags. */
export const CMD_ARGS = 'TSUNICORN_CMD_ARGS';

/** The labels of places. Everything that names a source gets its text here. */
export const sourceOf = {
  default: 'default',
  file: (path: string) => `file ${path}`,
  environment: (variable: string) => `environment ${variable}`,
  commandArguments: (flag: string) => `environment ${CMD_ARGS} ${flag}`,
  systemd: 'systemd (LISTEN_FDS)',
  flag: (flag: string) => (flag === TARGET ? `argument ${TARGET}` : `flag ${flag}`),
};

/** What the application is called where it stands without a flag. */
export const TARGET = 'TARGET';

/** The place as the subject of a sentence: `the file tsunicorn.conf.ts`. */
export function sourcePhrase(source: string): string {
  const [kind = '', ...rest] = source.split(' ');
  const [first = '', second] = rest;
  switch (kind) {
    case 'file':
      return `the file ${basename(rest.join(' '))}`;
    case 'environment':
      return second === undefined
        ? `the environment variable ${first}`
        : `${second} in the environment variable ${first}`;
    case 'systemd':
      return source;
    case 'flag':
    case 'argument':
      return `the ${kind} ${first}`;
    default:
      return `the ${source}`;
  }
}
