import { pythonSuite, pythonTwin } from '../support/wsgi-server.ts';
import { describeInterface } from './interface.ts';

describeInterface('wsgi', pythonTwin('hello_cjs'), pythonSuite);
