import { inspect } from 'node:util';

/**
 * Everything that can go wrong for an operator, in one table: what `docs/errors.md` lists and what a test holds the code against.
 * `exitCode` is what the process ends with when nothing can recover: 1 configuration or bind error, 2 wrong usage, 3 no worker ever
 * became ready.
 */
export const errorCodes = {
  USAGE: { exitCode: 2, title: 'A flag or an argument is unknown, missing or malformed.' },
  CONFIG_NOT_FOUND: { exitCode: 1, title: 'The file that --config names is not there or cannot be read.' },
  CONFIG_UNREADABLE: {
    exitCode: 1,
    title: 'The config file has a syntax error, throws, does not come to an end, or exports no configuration.',
  },
  CONFIG_UNTRUSTED: {
    exitCode: 1,
    title: 'The server runs as root, and others can write to the config file or its directory.',
  },
  CONFIG_INVALID: {
    exitCode: 1,
    title: 'One or more settings are unknown, misspelt, mistyped or contradict each other.',
  },
  BIND_IN_USE: { exitCode: 1, title: 'Another process listens on the address already.' },
  BIND_FAILED: { exitCode: 1, title: 'The operating system refused to bind the address.' },
  INHERITANCE_REFUSED: {
    exitCode: 1,
    title: 'TSUNICORN_LISTENERS names no listening sockets of the process that started this one.',
  },
  PASSED_SOCKET: { exitCode: 1, title: 'What LISTEN_FDS passes is no stream socket that listens.' },
  PID_FILE: { exitCode: 1, title: 'The pid file cannot be written, or names a server that runs.' },
  LOG_FILE: { exitCode: 1, title: 'A log file cannot be opened for append.' },
  PRIVILEGES: {
    exitCode: 1,
    title: 'A worker can not become "user" and "group" for good, or may not read what it needs as them.',
  },
  HOOK_FAILED: { exitCode: 1, title: 'The hook onStarting, preFork or tlsContext threw, which stops the start.' },
  RELOAD_NEEDS_RESTART: {
    exitCode: 1,
    title: 'A reload met changed settings that only a restart can apply; nothing was changed.',
  },
  APP_NOT_FOUND: { exitCode: 3, title: 'The application file is not there.' },
  APP_LOAD: { exitCode: 3, title: 'The application threw while it was loaded, or has a syntax error.' },
  APP_EXPORT: { exitCode: 3, title: 'The application file exports nothing that can answer requests.' },
  PYTHON_UNUSABLE: {
    exitCode: 3,
    title: 'Python cannot be started: the interpreter is not there, broken or too old, or has no place for its socket.',
  },
  NO_WORKER_READY: { exitCode: 3, title: 'No worker ever became ready.' },
} as const satisfies Record<string, { exitCode: 1 | 2 | 3; title: string }>;

export type ErrorCode = keyof typeof errorCodes;

/**
 * An error meant for a person: `message` says what, why and what to do. It is printed without a stack. `faults` holds one sentence for
 * each fault where several were found at once.
 */
export class TsunicornError extends Error {
  readonly code: ErrorCode;
  readonly faults: readonly string[];

  constructor(code: ErrorCode, message: string, details: { cause?: unknown; faults?: readonly string[] } = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.name = 'TsunicornError';
    this.code = code;
    this.faults = details.faults ?? [];
  }

  get exitCode(): 1 | 2 | 3 {
    return errorCodes[this.code].exitCode;
  }
}

/** The message of whatever was thrown, for a sentence that quotes it. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  return typeof thrown === 'string' ? thrown : inspect(thrown);
}

/** The errno name (`'EACCES'`) of a system error, else `undefined`. */
export function errnoOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}

/** Ends a `switch` over a union: a case that was forgotten does not compile. */
export function unreachable(value: never): never {
  throw new TypeError(`unreachable: ${JSON.stringify(value)}`);
}
