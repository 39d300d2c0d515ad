import { expect } from 'chai';
import { type Server, startServer } from '../support/server.ts';
import { startApart } from './apart.ts';
import { type Attacker, hasSlowhttptest, silence, slowhttptest, watchAttack } from './attack.ts';
import { median, openGoodClient } from './latency.ts';

const CLIENTS = 1_000;
const DEADLINE_S = 5;
/** Longer: to fill the kernel's buffers for a thousand slow readers takes some seconds. */
const WRITE_DEADLINE_S = 8;
const QUIET_WINDOWS = 5;
/** Time to connect, the deadline, and what the timer and a busy machine add. */
const ENDED_WITHIN_MS = 40_000;
/** For an hour, if nobody ended them. */
const PATIENT = ['-c', `${CLIENTS}`, '-r', '500', '-l', '3600', '-p', '3'];

const ATTACKS: readonly { name: string; needsTool: boolean; start(server: Server): Attacker }[] = [
  {
    name: 'connections that say nothing',
    needsTool: false,
    start: (server) => silence(server, CLIENTS),
  },
  {
    name: 'slow heads',
    needsTool: true,
    start: (server) => slowhttptest(server, ['-H', '-i', '1', '-x', '8', ...PATIENT]),
  },
  {
    name: 'slow bodies',
    needsTool: true,
    start: (server) => slowhttptest(server, ['-B', '-i', '1', '-x', '8', '-s', '100000', ...PATIENT], '/read'),
  },
  {
    name: 'slow reads',
    needsTool: true,
    start: (server) =>
      slowhttptest(server, ['-X', '-w', '64', '-y', '128', '-n', '1', '-z', '16', ...PATIENT], '/large?mib=64'),
  },
];

describeSlowClients('fetch', 'apps/fetch/slow-clients.mjs');
describeSlowClients('node', 'apps/slow-clients.mjs');

/** Attacks an interface with many slow clients while a good one is served; `app` is one of the applications `slow-clients.mjs`. */
function describeSlowClients(name: string, app: string): void {
  describe(`${CLIENTS} slow clients of the interface ${name}`, function () {
    this.timeout(180_000);
    // Who shares the machine may spoil a measurement.
    this.retries(2);
    let server: Server;
    let restore: () => void;
    before(async () => {
      const config = { headerTimeout: DEADLINE_S, bodyTimeout: DEADLINE_S, writeTimeout: WRITE_DEADLINE_S };
      ({ started: server, restore } = await startApart(() => startServer({ app, config })));
    });
    after(async () => {
      restore();
      await server.stop();
    });

    for (const { name: attack, needsTool, start } of ATTACKS) {
      const isSkipped = needsTool && !hasSlowhttptest;
      const promise = `end at their deadline, and a good client waits at most twice as long: ${attack}`;
      (isSkipped ? it.skip : it)(isSkipped ? `${promise} (slowhttptest is not installed)` : promise, async () => {
        const good = await openGoodClient(server.port);
        await good.windows(1);
        const before = await good.windows(QUIET_WINDOWS);
        const limits = { atLeast: CLIENTS * 0.9, withinMs: ENDED_WITHIN_MS };
        const watched = watchAttack(server, () => start(server), limits);
        const attacked = await good.during(watched);
        const { peak, endedMs } = await watched;
        const after = await good.windows(QUIET_WINDOWS);
        good.close();
        const quietMs = median([...before, ...after]);
        const attackedMs = median(attacked);
        console.log(
          `      ${attack}: ${peak} connections, all ended after ${(endedMs / 1_000).toFixed(1)} s; p99 of a good client ` +
            `${quietMs.toFixed(2)} ms quiet (${before.map((ms) => ms.toFixed(2)).join(' ')} | ${after.map((ms) => ms.toFixed(2)).join(' ')}), ` +
            `${attackedMs.toFixed(2)} ms attacked (${attacked.map((ms) => ms.toFixed(2)).join(' ')})`,
        );
        expect(attackedMs).to.be.at.most(2 * quietMs);
        expect(endedMs).to.be.greaterThan(DEADLINE_S * 1_000);
      });
    }
  });
}
