import { type ErrorCode, errorCodes } from '../errors.ts';
import type { Config } from '../settings.ts';
import { type Evidence, parseEvidence } from './evidence.ts';

export type { Evidence } from './evidence.ts';

/** How a worker leaves: `retire` (others serve on), `stop` (the whole server stops, in peace), `quick` (within a second). */
export type DrainMode = 'retire' | 'stop' | 'quick';

/** A listening socket that the worker inherited: its descriptor in the worker, and what `bind` called it. */
export interface InheritedListener {
  readonly fd: number;
  readonly url: string;
}

/** What a worker with TLS serves with: the files as the master read and checked them. All but the certificates is secret. */
export interface TlsMaterial {
  readonly key: string;
  readonly cert: string;
  readonly ca: string | null;
  /** 48 bytes in base64, the same for all workers of a generation: what one of them issued, any of them resumes. */
  readonly ticketKeys: string;
}

/** A user and its groups. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
  /** With `gid`. */
  readonly groups: readonly number[];
  /** `null`: no account has the number. */
  readonly name: string | null;
}

/** What a worker needs to know to start. `config` is the master's validated configuration; functions do not travel. */
export interface BootMessage {
  readonly type: 'boot';
  readonly workerId: number;
  readonly generation: number;
  readonly listeners: readonly InheritedListener[];
  /** It is ready when the application is, and takes no connection until it is admitted. */
  readonly quiet: boolean;
  readonly config: Config;
  /** The text of the config file as the master read it, for the worker's hooks; `null` when the file can hold none. */
  readonly configFile: { readonly path: string; readonly source: string } | null;
  /** `null`: no TLS. */
  readonly tls: TlsMaterial | null;
  /** Whom it becomes before anything else; `null`: it stays who it is. */
  readonly runAs: RunAs | null;
}

export type MasterMessage =
  | BootMessage
  /** `removed`: the sockets, by URL, that only leaving workers accept from. What waits in their queues is answered before they close. */
  | { readonly type: 'drain'; readonly mode: DrainMode; readonly graceMs: number; readonly removed: readonly string[] }
  /** No worker accepts any more: whoever is told to connect anew is refused, and not reset in the queue of a sibling. */
  | { readonly type: 'allRefuse' }
  /** A worker that was started `quiet` takes connections from now on. */
  | { readonly type: 'admit' }
  | { readonly type: 'reopenLogs' };

const recycleReasons = [
  'maxRequests',
  'maxMemory',
  'uncaughtException',
  'unhandledRejection',
  /** Nearly all of its descriptors are in use. */
  'descriptors',
  /** The application closed the socket that this worker accepts from. */
  'listenerLost',
] as const;

/** Why a worker asks to be replaced. */
export type RecycleReason = (typeof recycleReasons)[number];

export type WorkerMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'heartbeat' }
  /** It asks to be replaced; of `maxMemory`, with what it has in memory. */
  | { readonly type: 'recycle'; readonly why: RecycleReason; readonly memoryMiB?: number }
  /** It was told to leave by a signal of its own. */
  | { readonly type: 'leaving' }
  /** It stops with the whole server and accepts no more. */
  | { readonly type: 'refusing' }
  | Evidence
  /** The end of what it wrote while it boots, and does not get on. */
  | { readonly type: 'bootOutput'; readonly output: string }
  /** `text` is for a person: the application's own error, bounded. `output`: the end of what it wrote before. */
  | { readonly type: 'bootFailed'; readonly code: ErrorCode; readonly text: string; readonly output: string };

/** The longest error text that travels, in characters. */
export const LONGEST_TEXT = 64 * 1024;

/** What a worker sent, checked; `null` when it is no message. A worker runs somebody's code: nothing it says is taken on trust. */
export function parseWorkerMessage(raw: unknown): WorkerMessage | null {
  if (!isRecord(raw)) return null;
  switch (raw.type) {
    case 'ready':
    case 'heartbeat':
    case 'leaving':
    case 'refusing':
      return { type: raw.type };
    case 'recycle':
      return parseRecycle(raw);
    case 'evidence':
      return parseEvidence(raw);
    case 'bootOutput':
      return typeof raw.output === 'string' ? { type: 'bootOutput', output: raw.output.slice(-LONGEST_TEXT) } : null;
    case 'bootFailed':
      return parseBootFailed(raw);
    default:
      return null;
  }
}

/** What the master sent, checked; `null` when it is no message (an application may receive messages of its own making). */
export function parseMasterMessage(raw: unknown): MasterMessage | null {
  if (!isRecord(raw)) return null;
  switch (raw.type) {
    case 'boot':
      return parseBoot(raw);
    case 'drain':
      return parseDrain(raw);
    case 'allRefuse':
    case 'admit':
    case 'reopenLogs':
      return { type: raw.type };
    default:
      return null;
  }
}

function parseBootFailed({ code, text, output }: Record<string, unknown>): WorkerMessage | null {
  if (!isErrorCode(code) || typeof text !== 'string' || typeof output !== 'string') return null;
  return { type: 'bootFailed', code, text: text.slice(0, LONGEST_TEXT), output: output.slice(-LONGEST_TEXT) };
}

function parseRecycle({ why, memoryMiB }: Record<string, unknown>): WorkerMessage | null {
  if (!isRecycleReason(why)) return null;
  return isCount(memoryMiB) ? { type: 'recycle', why, memoryMiB } : { type: 'recycle', why };
}

function parseDrain({ mode, graceMs, removed }: Record<string, unknown>): MasterMessage | null {
  if (!isDrainMode(mode) || !isCount(graceMs) || !isTexts(removed)) return null;
  return { type: 'drain', mode, graceMs, removed };
}

function parseBoot(raw: Record<string, unknown>): BootMessage | null {
  const { workerId, generation, listeners, quiet, config, configFile, tls, runAs } = raw;
  if (!isCount(workerId) || !isCount(generation) || typeof quiet !== 'boolean' || !isConfig(config)) return null;
  if (!Array.isArray(listeners) || !listeners.every(isInheritedListener)) return null;
  if (configFile !== null && !isConfigFile(configFile)) return null;
  if (tls !== null && !isTlsMaterial(tls)) return null;
  // Not as a wish that can be left out: a worker that does not understand it must not stay root.
  if (runAs !== null && !isRunAs(runAs)) return null;
  return { type: 'boot', workerId, generation, listeners, quiet, config, configFile, tls, runAs };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

function isRecycleReason(value: unknown): value is RecycleReason {
  return recycleReasons.some((reason) => reason === value);
}

function isDrainMode(value: unknown): value is DrainMode {
  return value === 'retire' || value === 'stop' || value === 'quick';
}

function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorCodes, value);
}

function isInheritedListener(value: unknown): value is InheritedListener {
  return isRecord(value) && isCount(value.fd) && typeof value.url === 'string';
}

/** The master validated it, and only the master holds the other end of the channel. */
function isConfig(value: unknown): value is Config {
  return isRecord(value);
}

function isConfigFile(value: unknown): value is { path: string; source: string } {
  return isRecord(value) && typeof value.path === 'string' && typeof value.source === 'string';
}

function isRunAs(value: unknown): value is RunAs {
  if (!isRecord(value)) return false;
  const { uid, gid, groups, name } = value;
  const isName = name === null || typeof name === 'string';
  return isCount(uid) && isCount(gid) && Array.isArray(groups) && groups.every(isCount) && isName;
}

function isTlsMaterial(value: unknown): value is TlsMaterial {
  if (!isRecord(value)) return false;
  const { key, cert, ca, ticketKeys } = value;
  return [key, cert, ticketKeys].every((text) => typeof text === 'string') && (ca === null || typeof ca === 'string');
}
