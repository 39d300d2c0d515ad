import { TsunicornError } from '../errors.ts';

/** What a person reads on standard error: one message and a line for each fault, never a stack. It ends in a line break. */
export function reportError(thrown: unknown): string {
  if (!(thrown instanceof TsunicornError)) return `tsunicorn: ${unexpected(thrown)}\n`;
  const hint = thrown.code === 'USAGE' ? ['tsunicorn --help lists all flags.'] : [];
  return `${[`tsunicorn: ${thrown.message}`, ...thrown.faults.map((fault) => `  - ${fault}`), ...hint].join('\n')}\n`;
}

/** What the process exits with when this stopped it. */
export function exitCodeOf(thrown: unknown): 1 | 2 | 3 {
  return thrown instanceof TsunicornError ? thrown.exitCode : 1;
}

/** An error that nobody foresaw: its name, its message and the place, on one line, because that is what a report of it needs. */
function unexpected(thrown: unknown): string {
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  const frame = thrown instanceof Error ? /^\s+at (.*)$/m.exec(thrown.stack ?? '')?.[1] : undefined;
  const line = text.replaceAll(/\s*\n\s*/g, ' ');
  return `unexpected error: ${line}${frame === undefined ? '' : ` (at ${frame})`}. This is a bug in tsunicorn: please report it with this line.`;
}
