import { Socket } from 'node:net';
import { expect } from 'chai';
import { bytesTaken } from '../../../src/http/progress.ts';

describe('bytesTaken', () => {
  const socketWith = (handle: unknown): Socket => {
    const socket = new Socket();
    // A socket of its own has no handle; where there is one, this is where Node keeps it.
    Object.defineProperty(socket, '_handle', { value: handle });
    Object.defineProperty(socket, 'bytesWritten', { value: 100 });
    Object.defineProperty(socket, 'writableLength', { value: 40 });
    return socket;
  };

  it('is what the handle was given without what it still queues', () => {
    expect(bytesTaken(socketWith({ bytesWritten: 90, writeQueueSize: 25 }))).to.equal(65);
  });

  it('goes by whole writes where the handle does not tell', () => {
    for (const handle of [null, {}, { bytesWritten: 90 }, { bytesWritten: '90', writeQueueSize: 25 }]) {
      expect(bytesTaken(socketWith(handle)), JSON.stringify(handle)).to.equal(60);
    }
  });
});
