import { describeBadClients } from './deadlines/bad-clients.ts';
import { describeRequestTimeout } from './deadlines/request-timeout.ts';
import { describeSlowReaders } from './deadlines/slow-readers.ts';
import { type Abilities, describeSlowSenders } from './deadlines/slow-senders.ts';

describeDeadlines('fetch', 'apps/fetch/slow-clients.mjs');
// llhttp does not tell of a head before it is whole, nor that one has begun behind another: keepAlive ends that one.
describeDeadlines('node', 'apps/slow-clients.mjs', { seesBeginnings: false });

/** Holds an interface to its deadlines, and to what bad clients get; `app` is one of the applications `slow-clients.mjs`. */
function describeDeadlines(name: string, app: string, abilities: Abilities = { seesBeginnings: true }): void {
  describe(`the deadlines of the interface ${name}`, () => {
    describeSlowSenders(app, abilities);
    describeSlowReaders(app);
    describeRequestTimeout(app);
    describeBadClients(app, abilities);
  });
}
