import { unreachable } from '../../../errors.ts';
import { backoffMs } from '../../../os/backoff.ts';

/** How one Python process stands, from the decision that there shall be one until it is gone. */
export type MemberState =
  /** To be forked. */
  | { readonly phase: 'due'; readonly forkAtMs: number }
  | { readonly phase: 'booting'; readonly killAtMs: number }
  | { readonly phase: 'ready'; readonly sinceMs: number }
  /** It serves until its heir is ready. */
  | { readonly phase: 'retiring' }
  /** It finishes its requests. */
  | { readonly phase: 'leaving'; readonly killAtMs: number }
  | { readonly phase: 'killed'; readonly isMissed: boolean };

export interface Member {
  readonly id: number;
  /** How many in a row died young in this place before it. */
  readonly failures: number;
  /** Whom it takes the place of while that one still serves. */
  readonly heirOf: number | null;
  readonly state: MemberState;
}

/** All Python processes of a worker. Knows no process and no clock. */
export interface Succession {
  readonly members: readonly Member[];
  readonly nextId: number;
}

/** What happened, to the member `id`. */
export type SuccessionEvent =
  /** It is gone, or could not be forked. */
  | { readonly type: 'ready' | 'gone' | 'retire'; readonly id: number }
  /** The action was performed. */
  | { readonly type: SuccessionAction['type']; readonly id: number };

export interface SuccessionAction {
  /** `release`: it shall finish its requests and leave. */
  readonly type: 'fork' | 'kill' | 'release';
  readonly id: number;
}

export interface SuccessionLimits {
  readonly bootTimeoutMs: number;
  readonly gracefulTimeoutMs: number;
}

export interface Moment {
  readonly nowMs: number;
  /** In [0, 1). */
  readonly jitter: number;
  readonly limits: SuccessionLimits;
}

/** Who was ready for that long did not die of its boot. */
const STABLE_MS = 10_000;
/** Who became ready can be booted: a request that kills must not keep a place empty for longer than a second. */
const MOST_FAILURES_OF_READY = 3;

/** `count` processes, to be forked now. */
export function beginSuccession(count: number, nowMs: number): Succession {
  return Array.from({ length: count }).reduce<Succession>((succession) => withDue(succession, { forkAtMs: nowMs }), {
    members: [],
    nextId: 1,
  });
}

/** What an event makes of the succession. An event that comes too late, or for nobody, changes nothing. */
export function step(succession: Succession, event: SuccessionEvent, moment: Moment): Succession {
  const member = succession.members.find(({ id }) => id === event.id);
  if (member === undefined) return succession;
  const { nowMs, limits } = moment;
  const { phase } = member.state;
  switch (event.type) {
    case 'fork':
      return withState(succession, member, { phase: 'booting', killAtMs: nowMs + limits.bootTimeoutMs });
    case 'ready':
      return phase === 'booting' ? withState(succession, member, { phase: 'ready', sinceMs: nowMs }) : succession;
    case 'kill':
      return withState(succession, member, { phase: 'killed', isMissed: phase === 'booting' });
    case 'release':
      return withState(succession, member, { phase: 'leaving', killAtMs: nowMs + limits.gracefulTimeoutMs });
    case 'retire':
      if (phase !== 'ready') return succession;
      return withDue(withState(succession, member, { phase: 'retiring' }), { forkAtMs: nowMs, heirOf: member.id });
    case 'gone':
      return gone(succession, member, moment);
    default:
      return unreachable(event);
  }
}

/** What is to be done now, and when to look again; `null`: when something happens. */
export function plan(
  succession: Succession,
  nowMs: number,
): { readonly actions: readonly SuccessionAction[]; readonly wakeInMs: number | null } {
  const { members } = succession;
  const actions: SuccessionAction[] = [];
  const wakeAtMs: number[] = [];
  const heir = nextHeir(members);
  for (const member of members) {
    const { id, state } = member;
    if (state.phase === 'due' && (member.heirOf === null || member === heir)) {
      if (state.forkAtMs <= nowMs) actions.push({ type: 'fork', id });
      else wakeAtMs.push(state.forkAtMs);
    }
    if (state.phase === 'booting' || state.phase === 'leaving') {
      if (state.killAtMs <= nowMs) actions.push({ type: 'kill', id });
      else wakeAtMs.push(state.killAtMs);
    }
    const isReplaced = members.some(({ heirOf, state: { phase } }) => heirOf === id && phase === 'ready');
    if (state.phase === 'retiring' && isReplaced) actions.push({ type: 'release', id });
  }
  return { actions, wakeInMs: wakeAtMs.length === 0 ? null : Math.min(...wakeAtMs) - nowMs };
}

/** The one heir that may be forked: there is never more than one process too many. */
function nextHeir(members: readonly Member[]): Member | undefined {
  const isUnderWay = members.some(
    ({ heirOf, state: { phase } }) => phase === 'leaving' || phase === 'killed' || (heirOf !== null && phase !== 'due'),
  );
  return isUnderWay ? undefined : members.find(({ heirOf, state }) => heirOf !== null && state.phase === 'due');
}

function gone(succession: Succession, member: Member, { nowMs, jitter }: Moment): Succession {
  const { state } = member;
  const others = succession.members.filter(({ id }) => id !== member.id);
  // An heir of one that is gone simply has the place.
  const members = others.map((other) => (other.heirOf === member.id ? { ...other, heirOf: null } : other));
  const rest = { ...succession, members };
  const isMissed = state.phase === 'booting' || state.phase === 'ready' || (state.phase === 'killed' && state.isMissed);
  if (!isMissed) return rest;
  const failures = failuresWith(member, nowMs);
  // An heir that had taken over leaves the place empty.
  const stillServes = others.some(({ id, state: { phase } }) => id === member.heirOf && phase === 'retiring');
  return withDue(rest, {
    failures,
    heirOf: stillServes ? member.heirOf : null,
    forkAtMs: nowMs + backoffMs(failures, jitter),
  });
}

function failuresWith({ state, failures }: Member, nowMs: number): number {
  if (state.phase !== 'ready') return failures + 1;
  return nowMs - state.sinceMs >= STABLE_MS ? 1 : Math.min(failures + 1, MOST_FAILURES_OF_READY);
}

function withDue(
  { members, nextId }: Succession,
  place: { forkAtMs: number; failures?: number; heirOf?: number | null },
): Succession {
  const { forkAtMs, failures = 0, heirOf = null } = place;
  const member: Member = { id: nextId, failures, heirOf, state: { phase: 'due', forkAtMs } };
  return { members: [...members, member], nextId: nextId + 1 };
}

function withState(succession: Succession, { id }: Member, state: MemberState): Succession {
  const members = succession.members.map((member) => (member.id === id ? { ...member, state } : member));
  return { ...succession, members };
}
