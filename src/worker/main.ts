import { startWorker } from './worker.ts';

/** The entry of a worker process; `master/crew.ts` names this file. */
startWorker();
