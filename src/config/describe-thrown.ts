import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../errors.ts';

const OWN_SOURCES = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * What a config file threw, as one sentence with the position where it is known: `foo is not defined (/srv/tsunicorn.conf.ts:2).`
 * Of the stack only that one position is told; the rest is ours.
 */
export function describeThrown(thrown: unknown): string {
  const message = messageOf(thrown);
  const syntax = /^ParseError: (.*?)\s*\n\s*(\S+:\d+:\d+)\s*$/s.exec(message);
  const text = syntax?.[1] ?? firstLine(message);
  const position = syntax?.[2] ?? positionOf(thrown);
  const kind = thrown instanceof Error && syntax === null && thrown.name !== 'Error' ? namePrefix(thrown.name) : '';
  return `${kind}${text.replace(/[.\s]+$/, '')}${position === undefined ? '' : ` (${position})`}.`;
}

/** cosmiconfig puts a line of its own before that of the parser: `YAML Error in /srv/x.yaml:`. */
function firstLine(message: string): string {
  const lines = message.split('\n').filter((line) => line.trim() !== '');
  const [first = 'an error without a message', second] = lines;
  return /^YAML Error in /.test(first) && second !== undefined ? second : first;
}

/** `TypeError: `, but not the class name of a parser, which says nothing to a reader. */
function namePrefix(name: string): string {
  return /^YAMLException$/.test(name) ? '' : `${name}: `;
}

/** The file and line of the innermost frame, if it lies in the code of the user. The column is that of the compiled text. */
function positionOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const frames = (thrown.stack ?? '').split('\n').flatMap((line) => /^\s+at (.*)$/.exec(line)?.[1] ?? []);
  const frame = frames.find((text) => !text.includes('node:'));
  const place = frame === undefined ? undefined : /(?:^|\()((?:file:\/\/)?\/[^()]*:\d+):\d+\)?$/.exec(frame)?.[1];
  if (place === undefined || place.includes('/node_modules/') || place.includes(`${OWN_SOURCES}/`)) return undefined;
  return place.replace(/^file:\/\//, '');
}
