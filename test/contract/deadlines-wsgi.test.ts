import { pythonSuite, pythonTwin } from '../support/wsgi-server.ts';
import { describeDeadlines } from './deadlines/describe.ts';

describeDeadlines('wsgi', {
  served: pythonTwin('slow_clients_mjs'),
  seesBeginnings: true,
  gathersBodies: true,
  check: pythonSuite,
});
