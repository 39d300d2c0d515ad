import { inspect, types } from 'node:util';
import { TsunicornError } from '../errors.ts';

const messageBytes = 4 * 1024;
const stackBytes = 12 * 1024;
const causesShown = 5;

/** What a log line holds of something that was thrown; together at most 16 KiB. */
export interface ErrorFields {
  message: string;
  code?: string;
  stack?: string;
}

/**
 * Turns whatever was thrown into data for a line, and cannot be made to throw by it: applications throw strings, `null`, and objects
 * whose getters throw. A `TsunicornError` speaks for itself and shows only the stacks of its causes.
 */
export function errorFields(thrown: unknown): ErrorFields {
  try {
    return describe(thrown);
  } catch {
    return { message: 'an error that cannot be read was thrown' };
  }
}

function describe(thrown: unknown): ErrorFields {
  if (!isError(thrown)) return { message: bounded(textOf(thrown), messageBytes) };
  const stack = bounded(stacksOf(thrown), stackBytes);
  return {
    message: bounded(String(thrown.message), messageBytes),
    ...('code' in thrown && typeof thrown.code === 'string' ? { code: bounded(thrown.code, 64) } : {}),
    ...(stack === '' ? {} : { stack }),
  };
}

function stacksOf(thrown: Error): string {
  const stacks: string[] = [];
  let link: unknown = thrown;
  for (let depth = 0; depth < causesShown && link !== undefined; depth += 1) {
    if (!(link instanceof TsunicornError)) stacks.push(isError(link) ? String(link.stack) : textOf(link));
    link = isError(link) ? link.cause : undefined;
  }
  return stacks.join('\ncaused by: ');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { depth: 2, breakLength: Number.POSITIVE_INFINITY });
}

/** An error of another realm (`node:vm`) is no `instanceof Error` here. */
function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}

function bounded(text: string, bytes: number): string {
  // A character is one to three bytes a unit, so short texts need no encoding to be measured.
  if (text.length * 3 <= bytes || Buffer.byteLength(text) <= bytes) return text;
  const mark = ' …';
  const head = Buffer.from(text).subarray(0, bytes - Buffer.byteLength(mark));
  // The cut may fall within a character; what decodes to U+FFFD at the end is its first half.
  return `${head.toString().replace(/\uFFFD+$/, '')}${mark}`;
}
