import type { RequestInFlight } from '../http/in-flight.ts';
import { evidenceBounds, printable, type StuckRequest } from '../ipc/evidence.ts';

/** A frame of the stack as V8 writes it, and the place in it, by which a source map finds the line of the source. */
export interface RawFrame {
  readonly text: string;
  /** `null`: of V8 itself. Path or file URL. */
  readonly file: string | null;
  /** From 1, as the column. */
  readonly line: number;
  readonly column: number;
}

/** What the main thread says while it is stuck. It travels as JSON. */
export interface Testimony {
  readonly stack: readonly RawFrame[];
  readonly requests: readonly StuckRequest[];
  readonly requestsInFlight: number;
}

/** The expression by which another thread gets it, whatever the main thread is doing. */
export const TESTIMONY_EXPRESSION = "process[Symbol.for('tsunicorn.testimony')]()";

/**
 * Leaves behind what the watchdog evaluates on this thread, in the midst of whatever runs: the frames below it are those of what is stuck.
 *
 * @param inFlight is called then, and must only read.
 */
export function leaveTestimony(inFlight: () => readonly RequestInFlight[]): void {
  const testify = (): Testimony => {
    const requests = inFlight();
    return { stack: framesBelow(testify), requests: oldest(requests), requestsInFlight: requests.length };
  };
  Object.defineProperty(process, Symbol.for('tsunicorn.testimony'), { value: testify });
}

/** The oldest first, as many and as long as evidence may be. */
export function oldest(requests: readonly RequestInFlight[]): StuckRequest[] {
  return requests
    .toSorted((one, other) => other.ageMs - one.ageMs)
    .slice(0, evidenceBounds.requests)
    .map(({ method, target, ageMs }) => ({
      method: printable(method, evidenceBounds.methodLength),
      target: printable(target, evidenceBounds.targetLength),
      ageMs: Math.max(0, Math.round(ageMs)),
    }));
}

/** The frames below `caller` and the expression that called it. What the application has done to `Error` is put aside meanwhile. */
function framesBelow(caller: () => unknown): RawFrame[] {
  const { stackTraceLimit, prepareStackTrace } = Error;
  const holder: { stack?: unknown } = {};
  try {
    Error.stackTraceLimit = evidenceBounds.frames + 1;
    Error.prepareStackTrace = (_error, sites) => sites.map(frameOf);
    Error.captureStackTrace(holder, caller);
    const { stack } = holder;
    return Array.isArray(stack) ? stack.slice(1) : [];
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    if (prepareStackTrace === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
    else Error.prepareStackTrace = prepareStackTrace;
  }
}

function frameOf(site: NodeJS.CallSite): RawFrame {
  const file = site.getFileName() ?? null;
  return { text: String(site), file, line: site.getLineNumber() ?? 0, column: site.getColumnNumber() ?? 0 };
}
