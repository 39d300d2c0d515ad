import { describeThrown } from '../app/describe.ts';
import { TsunicornError } from '../errors.ts';
import type { LogEvent } from '../logging/events.ts';
import type { MasterChannel } from './channel.ts';
import type { Equipment } from './equipment.ts';

/** Tells the master why there will be no worker here, and ends the process. */
export async function reportBootFailure(error: unknown, channel: MasterChannel): Promise<never> {
  const code = error instanceof TsunicornError ? error.code : 'APP_LOAD';
  await channel.send({ type: 'bootFailed', code, text: describeThrown(error) });
  process.exit(1);
}

/**
 * What escapes an application while it boots is a failed boot. Later it is logged, and the worker asks to be replaced: its state is
 * unknown, but its other requests deserve their answers. An application that handles such errors itself is left alone.
 */
export function watchEscapedErrors(equipment: Equipment, channel: MasterChannel, isBooting: () => boolean): void {
  const watch = (event: 'uncaughtException' | 'unhandledRejection', logEvent: LogEvent) => {
    process.on(event, (error: unknown) => {
      if (isBooting()) return void reportBootFailure(error, channel);
      equipment.log.event(logEvent, { error });
      if (process.listenerCount(event) === 1) void channel.send({ type: 'recycle', why: event });
    });
  };
  watch('uncaughtException', 'app.uncaughtException');
  watch('unhandledRejection', 'app.unhandledRejection');
}
