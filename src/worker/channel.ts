import { type MasterMessage, parseMasterMessage, type WorkerMessage } from '../ipc/messages.ts';

/** The worker's end of the channel to its master. */
export interface MasterChannel {
  /** Resolves when the message has left this process, or can no longer be delivered. */
  send(message: WorkerMessage): Promise<void>;
  onMessage(handler: (message: MasterMessage) => void): void;
  /** The master is gone: it closes the channel in no other case. */
  onClosed(handler: () => void): void;
}

/** Wraps the ipc channel that Node opened at start. The channel keeps the process alive on purpose: a worker ends by `process.exit`. */
export function openMasterChannel(): MasterChannel {
  return {
    send: (message) =>
      new Promise((resolve) => {
        if (process.send === undefined || !process.connected) resolve();
        else process.send(message, undefined, {}, () => resolve());
      }),
    onMessage: (handler) => {
      process.on('message', (raw) => {
        const message = parseMasterMessage(raw);
        if (message !== null) handler(message);
      });
    },
    onClosed: (handler) => {
      if (process.connected) process.once('disconnect', handler);
      else handler();
    },
  };
}
