import { TsunicornError } from '../../../errors.ts';
import type { PythonExit } from './host-process.ts';

/** What the host leaves with when the application cannot be loaded; it has said why. */
const EXIT_NOT_LOADED = 3;

/** There is no Python process, and `why` is not the application's fault. */
export function noProcess(why: string): TsunicornError {
  return new TsunicornError('NO_WORKER_READY', `No Python process could be started: ${why}.`);
}

/** `exited with code 1`, `was ended by SIGSEGV`. */
export function howItEnded({ code, signal }: Pick<PythonExit, 'code' | 'signal'>): string {
  return signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
}

/** The sentence, and below it what the process wrote last. */
export function withWords(sentence: string, lastWords: string): string {
  return lastWords === '' ? sentence : `${sentence} It wrote:\n${lastWords}`;
}

/** Why an application was not loaded, told by the process that died of it: its own words where it found any. */
export function loadFault(exit: PythonExit): TsunicornError {
  const { code, lastWords } = exit;
  const text =
    code === EXIT_NOT_LOADED && lastWords !== ''
      ? lastWords
      : withWords(`The Python process ${howItEnded(exit)} while it loaded the application.`, lastWords);
  return new TsunicornError('APP_LOAD', text);
}

/** An application that takes too long to be loaded. */
export function bootTimeoutFault(bootTimeoutMs: number, lastWords: string): TsunicornError {
  const sentence = `The application was not loaded within ${bootTimeoutMs / 1000} s ("bootTimeout").`;
  return new TsunicornError('APP_LOAD', withWords(sentence, lastWords));
}
