import { writeSync } from 'node:fs';
import { type Runtime, Session } from 'node:inspector';
import { errnoOf } from '../errors.ts';
import { type Evidence, evidenceBounds, printable } from '../ipc/evidence.ts';
import { createSourcePlaces } from './source-places.ts';
import { type RawFrame, TESTIMONY_EXPRESSION, type Testimony } from './testimony.ts';
import type { WatchdogOrder } from './watchdog.ts';

const WRITE_WITHIN_MS = 100;
const WRITE_AGAIN_MS = 5;

/** Finds out where the main thread is stuck and tells the master, as long as `isSilent`. Runs in a thread beside it; throws nothing. */
export async function reportStall(order: WatchdogOrder, isSilent: () => boolean): Promise<void> {
  const { channelFd, answerWithinMs, loadedAtMs } = order;
  const testimony = await askAgain(answerWithinMs);
  if (!isSilent()) return;
  if (testimony === null) return tell(channelFd, { type: 'evidence', stack: [], requests: [], requestsInFlight: null });
  const stack = withoutNode(testimony.stack);
  // A source map may take longer than there is time, or more memory than there is: what is known goes first.
  const places = stack.map(({ text }) => text);
  tell(channelFd, evidenceOf(testimony, places));
  const placeOf = createSourcePlaces(loadedAtMs);
  const mapped = stack.map((frame) => placeOf(frame));
  if (mapped.some((place, index) => place !== places[index]) && isSilent())
    tell(channelFd, evidenceOf(testimony, mapped));
}

/** Asks until the answer shows a function: between two microtasks there is none, and an endless row of them is soon in one again. */
async function askAgain(withinMs: number): Promise<Testimony | null> {
  const untilMs = performance.now() + withinMs;
  let testimony: Testimony | null;
  do {
    testimony = await askMainThread(untilMs - performance.now());
  } while (testimony !== null && testimony.stack.length === 0 && performance.now() < untilMs);
  return testimony;
}

/**
 * Has an expression evaluated by the main thread, which V8 lets itself be interrupted for wherever it runs JavaScript or a regular expression.
 * `null`: it runs neither.
 */
function askMainThread(withinMs: number): Promise<Testimony | null> {
  return new Promise((resolve) => {
    const session = new Session();
    const settle = (testimony: Testimony | null) => {
      clearTimeout(timer);
      session.disconnect();
      resolve(testimony);
    };
    const timer = setTimeout(settle, withinMs, null);
    session.connectToMainThread();
    const question = { expression: TESTIMONY_EXPRESSION, returnByValue: true, silent: true };
    session.post('Runtime.evaluate', question, (error, answer: Runtime.EvaluateReturnType) => {
      const value = error === null ? answer.result.value : null;
      settle(isTestimony(value) ? value : null);
    });
  });
}

/** An application may have taken `process` away; what comes from our function is as it says. */
function isTestimony(value: unknown): value is Testimony {
  return typeof value === 'object' && value !== null && 'stack' in value && 'requests' in value;
}

/** What Node itself does around the application says nothing, unless nothing else is there. */
function withoutNode(stack: readonly RawFrame[]): readonly RawFrame[] {
  const rest = stack.filter(({ file }) => file?.startsWith('node:') !== true);
  return rest.length > 0 ? rest : stack;
}

function evidenceOf({ requests, requestsInFlight }: Testimony, places: readonly string[]): Evidence {
  const { frames, frameLength } = evidenceBounds;
  const stack = places.slice(0, frames).map((place) => printable(place, frameLength));
  return { type: 'evidence', stack, requests, requestsInFlight };
}

/** Writes a line into the channel of the main thread, which is stuck. When it was in the midst of a line of its own, both are lost. */
function tell(fd: number, evidence: Evidence): void {
  let rest = Buffer.from(`${JSON.stringify(evidence)}\n`);
  const until = performance.now() + WRITE_WITHIN_MS;
  while (rest.length > 0 && performance.now() < until) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WRITE_AGAIN_MS);
    }
  }
}
