import { describeInterface } from './interface.ts';

describeInterface('node', 'apps/hello.cjs');
