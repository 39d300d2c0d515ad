import { describeInterface } from './interface.ts';

describeInterface('node', { app: 'apps/hello.cjs' });
