import type { PythonExit } from './host-process.ts';

/** What happens to the Python processes of a worker, for its log. */
export type PythonReport =
  | { readonly type: 'ready'; readonly pid: number }
  | { readonly type: 'output'; readonly pid: number; readonly line: string }
  /** It left as it was told to. */
  | { readonly type: 'left'; readonly pid: number }
  /** It finished what it had begun and left, because somebody sent it this signal. */
  | { readonly type: 'signalled'; readonly pid: number; readonly signal: string }
  /** It died. What it wrote last may tell why. */
  | { readonly type: 'crashed'; readonly pid: number; readonly exit: PythonExit; readonly lostRequests: number }
  /** It did not answer in time, and was ended; `exit.lastWords` has the tracebacks of its threads. */
  | { readonly type: 'timeout'; readonly pid: number; readonly exit: PythonExit; readonly stuck: StuckRequest }
  | {
      readonly type: 'recycling';
      readonly pid: number;
      readonly why: 'maxRequests' | 'maxMemory';
      readonly memoryMiB?: number;
    }
  /** What came over its channel was nothing that our host says, and it was ended. */
  | {
      readonly type: 'broken';
      readonly pid: number;
      readonly exit: PythonExit;
      readonly lostRequests: number;
      readonly what: string;
    }
  /** A replacement did not get ready; it is tried again. */
  | { readonly type: 'notReady'; readonly error: Error }
  | { readonly type: 'zygoteDied'; readonly exit: PythonExit };

/** The request on which a process was silent. */
export interface StuckRequest {
  readonly method: string;
  readonly target: string;
  readonly silentMs: number;
  /** Others that the process had, running or waiting. */
  readonly others: number;
}
