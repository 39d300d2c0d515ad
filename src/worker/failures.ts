import { describeThrown } from '../app/describe.ts';
import { TsunicornError } from '../errors.ts';
import type { LogEvent } from '../logging/events.ts';
import type { MasterChannel } from './channel.ts';
import type { Equipment } from './equipment.ts';
import type { LastWords } from './last-words.ts';

/** Of `bootTimeout`. */
const SPEAK_AT_SHARE = 0.9;

/** What a boot that fails is told with. */
export interface BootWitness {
  readonly channel: MasterChannel;
  readonly words: LastWords;
}

/** Tells the master why there will be no worker here, and ends the process. */
export async function reportBootFailure(error: unknown, { channel, words }: BootWitness): Promise<never> {
  words.release();
  const code = error instanceof TsunicornError ? error.code : 'APP_LOAD';
  await channel.send({ type: 'bootFailed', code, text: describeThrown(error), output: words.text() });
  process.exit(1);
}

/**
 * Tells the master where an application ends the process while it is loaded. At that time nothing can be waited for, but the channel takes
 * what is so short at once.
 */
export function watchEarlyExit({ channel, words }: BootWitness): void {
  process.once('exit', (exitCode) => {
    // It is ready, or it was us.
    if (words.isReleased) return;
    const error = new Error(
      `The worker exited with code ${exitCode} before the application was ready. Something in the application ended the process:`,
    );
    const text = describeThrown(error).replace(/^Error: |\n\s+at [^\n]*node:events:[^\n]*/g, '');
    void channel.send({ type: 'bootFailed', code: 'APP_LOAD', text, output: words.text() });
  });
}

/** Sends what was written so far shortly before the end of `bootTimeout`: what the master does then leaves no time for words. */
export function speakBeforeTimeout({ channel, words }: BootWitness, bootTimeoutMs: number): void {
  const speak = () => {
    if (!words.isReleased) void channel.send({ type: 'bootOutput', output: words.text() });
  };
  // The clock of this process began when it was spawned, as the master's patience did.
  setTimeout(speak, Math.max(0, bootTimeoutMs * SPEAK_AT_SHARE - performance.now())).unref();
}

/**
 * What escapes an application while it boots is a failed boot. Later it is logged, and the worker asks to be replaced: its state is
 * unknown, but its other requests deserve their answers. An application that handles such errors itself is left alone.
 */
export function watchEscapedErrors(equipment: Equipment, witness: BootWitness, isBooting: () => boolean): void {
  const watch = (event: 'uncaughtException' | 'unhandledRejection', logEvent: LogEvent) => {
    process.on(event, (error: unknown) => {
      if (isBooting()) return void reportBootFailure(error, witness);
      equipment.log.event(logEvent, { error });
      if (process.listenerCount(event) === 1) void witness.channel.send({ type: 'recycle', why: event });
    });
  };
  watch('uncaughtException', 'app.uncaughtException');
  watch('unhandledRejection', 'app.unhandledRejection');
}
