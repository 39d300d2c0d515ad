import { createRequire } from 'node:module';
import { escapeText } from './escape.ts';

const require = createRequire(import.meta.url);

/** Told by the place of the line or by its words. */
const notShown = new Set(['time', 'level', 'msg', 'event', 'role']);

/** Lists in the line of a stuck worker that are shown below it, an item a line. */
const shownBelow = { stack: frameText, requests: requestText };

/**
 * Renders a JSON line for a person: time, level, message and fields on one line, then the stack of an error, indented, or of a stuck worker
 * with its requests. Fields that repeat `base` are left out, except for the worker's number. Whatever a field holds, it cannot start a line of its own.
 */
export function createPrettifier(options: {
  colors: boolean;
  base: Record<string, unknown>;
}): (json: string) => string {
  const isShown = (key: string, value: unknown): boolean =>
    !notShown.has(key) && (key === 'workerId' || value !== options.base[key]);

  // 9 MiB and 40 ms that only a terminal is worth.
  const { prettyFactory }: typeof import('pino-pretty') = require('pino-pretty');
  return prettyFactory({
    colorize: options.colors,
    translateTime: 'SYS:HH:MM:ss.l',
    // pino-pretty keeps line feeds and would print an object named "error" over many lines, so the fields are rendered here.
    include: 'time,level',
    hideObject: true,
    messageFormat: (line, messageKey, _levelLabel, { colors }) => {
      const fields = Object.entries(line)
        .filter(([key, value]) => isShown(key, value) && !(key in shownBelow && isStuck(line)))
        .map(([key, value]) => `${plainWord(key)}=${renderValue(key, value)}`);
      const words = escapeText(String(line[messageKey] ?? ''));
      return (
        [words, ...fields.map((field) => colors.gray(field))].join(' ') + renderStack(line.error) + renderBelow(line)
      );
    },
  });
}

function renderValue(key: string, value: unknown): string {
  if (key === 'error' && isRecord(value) && typeof value.message === 'string') return plainWord(value.message);
  return typeof value === 'string' ? plainWord(value) : escapeText(JSON.stringify(value) ?? 'null');
}

/** Bare if it is one word, else quoted, so that `a=1 b=2` cannot be forged within a value. */
function plainWord(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : escapeText(JSON.stringify(text));
}

function renderStack(error: unknown): string {
  if (!isRecord(error) || typeof error.stack !== 'string') return '';
  return error.stack
    .split('\n')
    .map((line) => `\n    ${escapeText(line)}`)
    .join('');
}

function isStuck({ event }: Record<string, unknown>): boolean {
  return event === 'worker.timeout';
}

function renderBelow(line: Record<string, unknown>): string {
  if (!isStuck(line)) return '';
  const lists = Object.entries(shownBelow).map(([key, textOf]) => {
    const list = line[key];
    return Array.isArray(list) ? list.map(textOf) : [];
  });
  return lists
    .flat()
    .map((text) => `\n    ${escapeText(text)}`)
    .join('');
}

function frameText(frame: unknown): string {
  return `at ${String(frame)}`;
}

function requestText(request: unknown): string {
  if (!isRecord(request)) return String(request);
  const { method, target, ageMs } = request;
  return `${String(method)} ${String(target)}, for ${(Number(ageMs) / 1_000).toFixed(1)} s`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
