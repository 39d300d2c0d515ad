import { describeDeadlines } from './deadlines/describe.ts';

describeDeadlines('fetch', {
  served: { app: 'apps/fetch/slow-clients.mjs' },
  seesBeginnings: true,
  gathersBodies: false,
});
// llhttp does not tell of a head before it is whole, nor that one has begun behind another: keepAlive ends that one.
describeDeadlines('node', { served: { app: 'apps/slow-clients.mjs' }, seesBeginnings: false, gathersBodies: false });
