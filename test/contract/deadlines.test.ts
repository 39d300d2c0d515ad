import { describeBadClients } from './deadlines/bad-clients.ts';
import { describeRequestTimeout } from './deadlines/request-timeout.ts';
import { describeSlowReaders } from './deadlines/slow-readers.ts';
import { describeSlowSenders } from './deadlines/slow-senders.ts';

describeDeadlines('fetch', 'apps/fetch/slow-clients.mjs');

/** Holds an interface to its deadlines, and to what bad clients get; `app` is one of the applications `slow-clients.mjs`. */
function describeDeadlines(name: string, app: string): void {
  describe(`the deadlines of the interface ${name}`, () => {
    describeSlowSenders(app);
    describeSlowReaders(app);
    describeRequestTimeout(app);
    describeBadClients(app);
  });
}
