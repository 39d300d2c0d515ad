import { type ErrorCode, errorCodes } from '../errors.ts';
import type { Config } from '../settings.ts';

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

/** What a worker needs to know to start. `config` is the master's validated configuration; functions do not travel. */
export interface BootMessage {
  readonly type: 'boot';
  readonly workerId: number;
  readonly generation: number;
  readonly listeners: readonly InheritedListener[];
  readonly config: Config;
  /** The text of the config file as the master read it, for the worker's hooks; `null` when the file can hold none. */
  readonly configFile: { readonly path: string; readonly source: string } | null;
  /** `null`: no TLS. */
  readonly tls: TlsMaterial | null;
}

export type MasterMessage =
  | BootMessage
  /** `removed`: the sockets, by URL, that only leaving workers accept from. What waits in their queues is answered before they close. */
  | { readonly type: 'drain'; readonly mode: DrainMode; readonly graceMs: number; readonly removed: readonly string[] }
  /** No worker accepts any more: whoever is told to connect anew is refused, and not reset in the queue of a sibling. */
  | { readonly type: 'allRefuse' }
  | { readonly type: 'reopenLogs' };

const RECYCLE_REASONS = [
  'maxRequests',
  'uncaughtException',
  'unhandledRejection',
  /** Nearly all of its descriptors are in use. */
  'descriptors',
  /** The application closed the socket that this worker accepts from. */
  'listenerLost',
] as const;

export type RecycleReason = (typeof RECYCLE_REASONS)[number];

export type WorkerMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'heartbeat' }
  /** It asks to be replaced. */
  | { readonly type: 'recycle'; readonly why: RecycleReason }
  /** It was told to leave by a signal of its own. */
  | { readonly type: 'leaving' }
  /** It stops with the whole server and accepts no more. */
  | { readonly type: 'refusing' }
  /** What the application wrote while it boots. */
  | { readonly type: 'output'; readonly text: string }
  /** `text` is for a person: the application's own error, bounded. */
  | { readonly type: 'bootFailed'; readonly code: ErrorCode; readonly text: string };

/** The longest error text that travels, in characters. */
export const LONGEST_TEXT = 64 * 1024;
/** How much of the end of what an application writes while it boots is kept, in characters. */
export const LONGEST_OUTPUT = 2 * 1024;

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
      return isRecycleReason(raw.why) ? { type: 'recycle', why: raw.why } : null;
    case 'output':
      return typeof raw.text === 'string' ? { type: 'output', text: raw.text.slice(-LONGEST_OUTPUT) } : null;
    case 'bootFailed':
      return isErrorCode(raw.code) && typeof raw.text === 'string'
        ? { type: 'bootFailed', code: raw.code, text: raw.text.slice(0, LONGEST_TEXT) }
        : null;
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
    case 'reopenLogs':
      return { type: raw.type };
    default:
      return null;
  }
}

function parseDrain({ mode, graceMs, removed }: Record<string, unknown>): MasterMessage | null {
  if (!isDrainMode(mode) || !isCount(graceMs) || !isTexts(removed)) return null;
  return { type: 'drain', mode, graceMs, removed };
}

function parseBoot(raw: Record<string, unknown>): BootMessage | null {
  const { workerId, generation, listeners, config, configFile, tls } = raw;
  if (!isCount(workerId) || !isCount(generation) || !isConfig(config)) return null;
  if (!Array.isArray(listeners) || !listeners.every(isInheritedListener)) return null;
  if (configFile !== null && !isConfigFile(configFile)) return null;
  if (tls !== null && !isTlsMaterial(tls)) return null;
  return { type: 'boot', workerId, generation, listeners, config, configFile, tls };
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
  return RECYCLE_REASONS.some((reason) => reason === value);
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

function isTlsMaterial(value: unknown): value is TlsMaterial {
  if (!isRecord(value)) return false;
  const { key, cert, ca, ticketKeys } = value;
  return [key, cert, ticketKeys].every((text) => typeof text === 'string') && (ca === null || typeof ca === 'string');
}
