import type { TimeoutEvidence } from '../config/hooks.ts';
import type { Evidence } from '../ipc/messages.ts';
import { type ProcessFacts, readProcessFacts } from '../os/process-facts.ts';
import type { Config } from '../settings.ts';

/** Of a worker whose event loop was silent for too long: what the master found, and what the worker said of itself. */
export interface Finding {
  readonly silentMs: number;
  readonly pid: number;
  /** `undefined`: it said nothing. */
  readonly said: Evidence | undefined;
  /** How long ago. */
  readonly saidBeforeMs: number;
  readonly config: Pick<Config, 'stackOnTimeout'>;
}

/** All that is known of where a worker is stuck. */
export function evidenceOf({ silentMs, pid, said, saidBeforeMs, config }: Finding): TimeoutEvidence {
  const facts = readProcessFacts(pid);
  const stack = said?.stack ?? [];
  return {
    silentMs,
    state: facts?.state ?? 'unknown',
    cpuSeconds: facts?.cpuSeconds ?? null,
    stack,
    noStack: stack.length > 0 ? null : whyNoStack(said, facts, config),
    requests: (said?.requests ?? []).map((request) => ({ ...request, ageMs: request.ageMs + saidBeforeMs })),
    requestsInFlight: said?.requestsInFlight ?? null,
  };
}

/** The same for a line of the log, which holds nothing that is not known. */
export function evidenceFields(evidence: TimeoutEvidence): Record<string, unknown> {
  const known = Object.entries(evidence).filter(
    ([, value]) => value !== null && (!Array.isArray(value) || value.length > 0),
  );
  return Object.fromEntries(known);
}

function whyNoStack(
  said: Evidence | undefined,
  facts: ProcessFacts | null,
  { stackOnTimeout }: Finding['config'],
): string {
  if (said !== undefined) {
    return said.requestsInFlight === null
      ? 'it is in native code or waits in a system call: no JavaScript stack'
      : 'it runs promise callbacks without an end, and was between two of them';
  }
  if (facts?.state === 'stopped') return 'the process is stopped';
  return stackOnTimeout ? 'the worker could not be asked' : 'stackOnTimeout is off';
}
