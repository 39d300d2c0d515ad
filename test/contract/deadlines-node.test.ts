import { describeDeadlines } from './deadlines.ts';

describeDeadlines('node', 'apps/hello.mjs');
