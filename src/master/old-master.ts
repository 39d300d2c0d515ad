import { parseOldMasterMessage } from '../ipc/upgrade-messages.ts';
import type { Inheritance } from '../listener/inheritance.ts';

/** The master that started this one (USR2), as long as it is there. */
export interface OldMaster {
  /** `null`: there is none, or it has left. */
  readonly pid: number | null;
  /** Whether it may still need what both use: the files of the sockets. Once it is `false` these are this master's to remove. */
  ownsFiles(): boolean;
  /** Whether it waits for this one to become ready. Until then a worker that fails ends the upgrade, while nothing is lost yet. */
  waits(): boolean;
  tellReady(): void;
  /** Called once, if there is one and when it has left. */
  onLeft(handler: (pid: number) => void): void;
  /** The last question is asked: from now on nothing is taken over. */
  close(): void;
}

const nobody: OldMaster = {
  pid: null,
  ownsFiles: () => false,
  waits: () => false,
  tellReady: () => {},
  onLeft: () => {},
  close: () => {},
};

/** To be called before anything that takes time: an old master that leaves waits for the answer. */
export function followOldMaster(inheritance: Inheritance | null): OldMaster {
  if (inheritance === null) return nobody;
  const { parentPid } = inheritance;
  let state: 'there' | 'handedOver' | 'left' = process.connected === true ? 'there' : 'left';
  let closed = false;
  let toldReady = false;
  let leave: (pid: number) => void = () => {};
  const say = (type: 'ready' | 'takenOver') => {
    if (process.connected === true) process.send?.({ type }, undefined, {}, () => {});
  };
  process.on('message', (raw) => {
    if (parseOldMasterMessage(raw) === null || closed || state !== 'there') return;
    state = 'handedOver';
    say('takenOver');
  });
  process.on('disconnect', () => {
    state = 'left';
    leave(parentPid);
  });
  return {
    get pid() {
      return state === 'left' ? null : parentPid;
    },
    ownsFiles: () => state === 'there',
    waits: () => state === 'there' && !toldReady,
    tellReady() {
      toldReady = true;
      say('ready');
    },
    onLeft(handler) {
      leave = handler;
      if (state === 'left') handler(parentPid);
    },
    close() {
      closed = true;
    },
  };
}
