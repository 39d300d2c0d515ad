import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TlsOptions } from 'node:tls';
import type { Config, Hooks } from '../settings.ts';
import { kindOf } from './wording.ts';

export type { Hooks } from '../settings.ts';

/** What a hook writes to the server's own log. */
export interface HookLog {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** The server as a hook sees it. */
export interface ServerInfo {
  /** The process id of the master. */
  readonly pid: number;
  /** The addresses it listens on, as the log names them (`http://127.0.0.1:8000`, `unix:/run/app.sock`); in `onStarting`, before they are bound, as `bind` writes them. */
  readonly addresses: readonly string[];
  /** How many workers there should be. */
  readonly workers: number;
  readonly config: Config;
  readonly log: HookLog;
}

/** A worker as a hook sees it. */
export interface WorkerInfo {
  /** Its number, which no other worker of this server ever has. */
  readonly id: number;
  /** Its process id; 0 in `preFork`, before there is a process. */
  readonly pid: number;
  /** 1 at the start of the server, and one more with each reload. */
  readonly generation: number;
  readonly log: HookLog;
}

/** Why a worker is about to be killed, and where it is stuck. */
export interface TimeoutEvidence {
  /** For how many milliseconds it sent no heartbeat. */
  readonly silentMs: number;
  /** What the kernel says of its main thread; `unknown` on macOS. */
  readonly state: 'running' | 'sleeping' | 'waiting' | 'stopped' | 'dead' | 'unknown';
  /** How much processor time it has used since it was started; `null` on macOS. */
  readonly cpuSeconds: number | null;
  /** The JavaScript stack, the innermost function first, each as `name (file:line:column)`; of TypeScript, the lines of the source. */
  readonly stack: readonly string[];
  /** Why there is no stack; `null`: there is one. */
  readonly noStack: string | null;
  /** The requests that it was answering, the oldest first, 20 at most. Ages are right to a second. */
  readonly requests: readonly { readonly method: string; readonly target: string; readonly ageMs: number }[];
  /** How many there were; `null`: it could not be asked. */
  readonly requestsInFlight: number | null;
}

/** What each parameter of a hook is. */
export interface HookParameters {
  readonly server: ServerInfo;
  readonly worker: WorkerInfo;
  readonly newValue: number;
  readonly oldValue: number;
  readonly evidence: TimeoutEvidence;
  readonly faults: readonly string[];
  /** Of `node:http`, or for fetch applications the platform's. */
  readonly request: IncomingMessage | Request;
  /** `null`: the application failed, or its client left. */
  readonly response: ServerResponse | Response | null;
  readonly config: Config;
  readonly defaultFactory: () => TlsOptions;
}

export interface HookRecord {
  readonly name: string;
  /** The process that calls it. */
  readonly process: 'master' | 'worker';
  readonly parameters: readonly (keyof HookParameters)[];
  readonly summary: string;
}

/** Every hook, in the order in which a server meets them. */
export const hookTable = [
  {
    name: 'onStarting',
    process: 'master',
    parameters: ['server'],
    summary: 'Before the addresses are bound. If it throws, the server does not start.',
  },
  { name: 'whenReady', process: 'master', parameters: ['server'], summary: 'When all workers are ready for requests.' },
  {
    name: 'preFork',
    process: 'master',
    parameters: ['server', 'worker'],
    summary: 'Before a worker is spawned. If it throws while the server starts, the start stops.',
  },
  {
    name: 'postFork',
    process: 'worker',
    parameters: ['server', 'worker'],
    summary: 'In the new worker, before it loads the application.',
  },
  {
    name: 'postWorkerInit',
    process: 'worker',
    parameters: ['worker'],
    summary: 'In the worker, after it loaded the application and before its first request.',
  },
  {
    name: 'tlsContext',
    process: 'worker',
    parameters: ['config', 'defaultFactory'],
    summary:
      'Before a worker with TLS accepts: what it returns are the options of its TLS server, for which `defaultFactory()` gives those that the settings mean. If it throws, the worker does not start.',
  },
  { name: 'workerReady', process: 'master', parameters: ['server', 'worker'], summary: 'When a worker became ready.' },
  {
    name: 'preRequest',
    process: 'worker',
    parameters: ['worker', 'request'],
    summary: 'Before the application gets a request.',
  },
  {
    name: 'postRequest',
    process: 'worker',
    parameters: ['worker', 'request', 'response'],
    summary: 'After a request is answered or its connection is lost.',
  },
  {
    name: 'nworkersChanged',
    process: 'master',
    parameters: ['server', 'newValue', 'oldValue'],
    summary: 'When there should be another number of workers, after TTIN, TTOU or a reload.',
  },
  {
    name: 'onReload',
    process: 'master',
    parameters: ['server'],
    summary: 'When a reload begins, after the new configuration was found valid.',
  },
  {
    name: 'onReloadFailed',
    process: 'master',
    parameters: ['server', 'faults'],
    summary: 'When a reload was refused or given up; the server runs on as before.',
  },
  {
    name: 'workerTimeout',
    process: 'master',
    parameters: ['server', 'worker', 'evidence'],
    summary: 'When a worker was silent for longer than `timeout`, before it is killed.',
  },
  {
    name: 'workerInt',
    process: 'worker',
    parameters: ['worker'],
    summary: 'When a worker is told to stop quickly (INT or QUIT).',
  },
  {
    name: 'workerAbort',
    process: 'worker',
    parameters: ['worker'],
    summary: 'When a worker gets ABRT because it was silent for too long. It runs only if the event loop runs again.',
  },
  {
    name: 'workerExit',
    process: 'worker',
    parameters: ['server', 'worker'],
    summary: 'In the worker, just before it exits.',
  },
  {
    name: 'childExit',
    process: 'master',
    parameters: ['server', 'worker'],
    summary: 'In the master, after a worker process has ended.',
  },
  {
    name: 'preExec',
    process: 'master',
    parameters: ['server'],
    summary: 'Before a new master is started (USR2). It is started in any case: what this throws is only logged.',
  },
  { name: 'onExit', process: 'master', parameters: ['server'], summary: 'Just before the master exits.' },
] as const satisfies readonly HookRecord[];

type Row = (typeof hookTable)[number];

export type HookName = Row['name'];

/** The type that the table implies. `derive/pinned.ts` holds the generated `Hooks` against it. */
export type InferredHooks = {
  readonly [R in Row as R['name']]?: ((...parameters: ParametersOf<R['parameters']>) => unknown) | undefined;
};

type ParametersOf<Names extends readonly (keyof HookParameters)[]> = {
  -readonly [Index in keyof Names]: HookParameters[Names[Index]];
};

const byName: ReadonlyMap<string, HookRecord> = new Map(hookTable.map((hook) => [hook.name, hook]));

/** The hook of that exact name, or `undefined`. */
export function findHook(name: string): HookRecord | undefined {
  return byName.get(name);
}

/** Whether a worker has to know any of these hooks. */
export function hasWorkerHook(hooks: Hooks): boolean {
  return hookTable.some((hook) => hook.process === 'worker' && hooks[hook.name] !== undefined);
}

/**
 * Checks what a file gives as hooks. A function with more parameters than the hook has waits for something that never comes, most often
 * because its author took it for another hook: that is a fault. Fewer are fine.
 */
export function checkHooks(given: object): { hooks: Hooks; faults: string[] } {
  const faults = Object.entries(given).flatMap(([name, value]) => {
    const hook = findHook(name);
    return hook === undefined ? [] : faultOf(hook, value);
  });
  return { hooks: areHooks(given) ? given : {}, faults };
}

function faultOf(hook: HookRecord, value: unknown): string[] {
  const shape = `${hook.name}(${hook.parameters.join(', ')})`;
  if (typeof value !== 'function') {
    return [`The hook "${hook.name}" must be a function, but it is ${kindOf(value)}. Write ${shape} { … }.`];
  }
  if (value.length <= hook.parameters.length) return [];
  return [
    `The hook "${hook.name}" declares ${value.length} parameters, but it is called as ${shape}. Remove the parameters that it never gets.`,
  ];
}

function areHooks(given: object): given is Hooks {
  return Object.entries(given).every(([name, value]) => {
    const hook = findHook(name);
    return hook !== undefined && faultOf(hook, value).length === 0;
  });
}
