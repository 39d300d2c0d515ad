import { describeInterface } from './interface.ts';

describeInterface('fetch', { app: 'apps/fetch/hello.cjs' });
