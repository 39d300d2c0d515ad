import type { Service } from '../app/contract.ts';
import type { Front } from '../http/front.ts';

/** A service whose connections have to pass a front first. */
export function behindFront(service: Service, front: Front, drainIdleTimeoutMs: number): Service {
  return {
    accept: (socket, peer) => front.take(socket, peer),
    connections: () => front.pending() + service.connections(),
    inFlight: () => service.inFlight(),
    async drain(pace) {
      const drained = service.drain(pace);
      // Before it has passed a connection is as idle as can be, but behind the front a request may already be on its way.
      await front.settled(pace === 'quick' ? 0 : drainIdleTimeoutMs);
      await drained;
      // What came through since the service had no connection left.
      await service.drain(pace);
    },
    cut: () => front.cut() + service.cut(),
    ...(service.end === undefined ? {} : { end: service.end }),
  };
}
