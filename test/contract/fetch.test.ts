import { describeInterface } from './interface.ts';

describeInterface('fetch', 'apps/fetch/hello.cjs');
