import { describeBadClients } from './bad-clients.ts';
import { describeRequestTimeout } from './request-timeout.ts';
import { describeSlowReaders } from './slow-readers.ts';
import { describeSlowSenders } from './slow-senders.ts';
import type { Subject } from './subject.ts';

/** Holds an interface to its deadlines, and to what bad clients get. */
export function describeDeadlines(name: string, subject: Subject & { check?(context: Mocha.Context): void }): void {
  describe(`the deadlines of the interface ${name}`, () => {
    const { check } = subject;
    if (check !== undefined) {
      before(function () {
        check(this);
      });
    }
    describeSlowSenders(subject);
    describeSlowReaders(subject);
    describeRequestTimeout(subject);
    describeBadClients(subject);
  });
}
