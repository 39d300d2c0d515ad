import { fileURLToPath } from 'node:url';
import { messageOf, TsunicornError } from '../errors.ts';

const OWN_DIRECTORY = fileURLToPath(new URL('..', import.meta.url));
const LONGEST_TEXT = 16 * 1024;
const LONGEST_CHAIN = 5;

/**
 * What an application threw, as its author wants to read it: its message and its own stack, with our frames, Node's and the TypeScript
 * loader's left out, and the causes below. An error of ours is its message.
 */
export function describeThrown(thrown: unknown): string {
  if (thrown instanceof TsunicornError) return thrown.message;
  const texts: string[] = [];
  for (let error = thrown; error !== undefined && texts.length < LONGEST_CHAIN; error = causeOf(error)) {
    texts.push(texts.length === 0 ? describeOne(error) : `Caused by: ${describeOne(error)}`);
  }
  return texts.join('\n').slice(0, LONGEST_TEXT);
}

function describeOne(error: unknown): string {
  if (!(error instanceof Error)) return `The application threw a value that is no Error: ${messageOf(error)}`;
  // What jiti says of TypeScript that does not parse, in the form that Node has for JavaScript.
  const syntax = /^ParseError: (.*?)\s*\n\s*(\S+:\d+:\d+)\s*$/s.exec(error.message);
  if (syntax !== null) return `SyntaxError: ${syntax[1]}\n    at ${syntax[2]}`;
  const stack = error.stack ?? `${error.name}: ${error.message}`;
  const lines = stack.split('\n').filter((line) => !isForeignFrame(line));
  return lines.join('\n').trimEnd();
}

function isForeignFrame(line: string): boolean {
  if (!/^\s+at /.test(line)) return false;
  return line.includes(OWN_DIRECTORY) || line.includes('node:internal/') || line.includes('/node_modules/jiti/');
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
