import type { HttpAnswer, HttpCase, Sees } from './case.ts';
import type { Outcome } from './exchange.ts';

/** An error answer longer than this tells too much. */
const ERROR_BODY_BYTES = 200;
/** A stack, a path, a version: nobody's business. */
const TELLTALE = /\bat .*:\d+|file:|node:|\/\w+\/|as told|HPE_|\d+\.\d+\.\d+/;

/** What is wrong with an outcome; `null` when it is what the case asks for. */
export function judge(subject: HttpCase, outcome: Outcome): string | null {
  const { expected, got } = statuses(subject, outcome);
  const seen = `got ${got.join(', ') || 'nothing'}${outcome.rest.length > 0 ? ` and ${quote(outcome.rest)}` : ''}`;
  if (outcome.fault !== null) return `${outcome.fault}; ${seen}`;
  const probed = got.length > 0 && targetOf(outcome.answers.at(-1)) === '/probe';
  const answers = probed ? outcome.answers.slice(0, -1) : outcome.answers;
  if (probed) got.pop();
  const allowed = [expected, ...(subject.orElse ?? [])];
  if (!allowed.some((each) => each.join() === got.join())) {
    return `expected ${allowed.map((each) => each.join(', ') || 'nothing').join(' or ')}; ${seen}`;
  }
  return faultOfEnd(subject, { outcome, probed, last: answers.at(-1) }) ?? faultOfAnswers(subject, answers);
}

function statuses(subject: HttpCase, { answers }: Outcome): { expected: number[]; got: number[] } {
  const counted = subject.mayContinue === true ? answers.filter(({ status }) => status !== 100) : answers;
  return { expected: [subject.expect].flat(), got: counted.map(({ status }) => status) };
}

function faultOfEnd(
  subject: HttpCase,
  { outcome, probed, last }: { outcome: Outcome; probed: boolean; last: HttpAnswer | undefined },
): string | null {
  if (subject.after === 'cut') {
    if (outcome.rest.length === 0) return 'the connection was cut before the answer began, or the answer was whole';
    return null;
  }
  const mayBeCut = subject.after === 'open or closed' && subject.orElse?.some((each) => each.length === 0) === true;
  if (outcome.rest.length > 0 && !mayBeCut) return `half an answer: ${quote(outcome.rest)}`;
  if (subject.after === 'open' && !probed) return 'the connection took no further request';
  // Whoever shut its own side needs not be told.
  if (subject.after === 'closed' && last !== undefined && !last.closes && subject.halfClose !== true) {
    return 'the server closed without having said Connection: close';
  }
  return null;
}

function faultOfAnswers(subject: HttpCase, answers: readonly HttpAnswer[]): string | null {
  const finals = answers.filter(({ status }) => status >= 200);
  for (const [index, answer] of finals.entries()) {
    const toHead = subject.headAnswers?.includes(index) ?? false;
    if (answer.status >= 400) {
      const fault = faultOfError(answer, toHead);
      if (fault !== null) return `the ${answer.status} ${fault}`;
    }
    const sees = subject.sees?.[index];
    const fault = sees === undefined || toHead || answer.status !== 200 ? null : faultOfSight(sees, answer);
    if (fault !== null) return `request ${index + 1}: ${fault}`;
  }
  return subject.check?.(finals) ?? null;
}

/** `text/plain`, small, and nothing in it that helps an attacker. */
function faultOfError({ headers, body, closes }: HttpAnswer, toHead: boolean): string | null {
  if (!closes) return 'does not say Connection: close';
  if (!/^text\/plain\b/.test(headers['content-type'] ?? '')) return `has the type ${headers['content-type']}`;
  const text = body.toString('latin1');
  if (text.length === 0 && !toHead) return 'gives no reason';
  if (text.length > ERROR_BODY_BYTES) return `has a body of ${text.length} bytes`;
  if (TELLTALE.test(text)) return `tells too much: ${JSON.stringify(text)}`;
  return null;
}

function faultOfSight(sees: Sees, { body }: HttpAnswer): string | null {
  const seen = parseSight(body);
  if (seen === null) return `no echo: ${quote(body)}`;
  for (const key of ['method', 'target', 'authority', 'body'] as const) {
    if (sees[key] !== undefined && seen[key] !== sees[key]) return `${key} is ${JSON.stringify(seen[key])}`;
  }
  for (const [name, value] of Object.entries(sees.fields ?? {})) {
    const values = seen.headers.filter(([key]) => key === name).map(([, each]) => each);
    const joined = values.length === 0 ? null : values.join(', ');
    if (joined !== value) return `field ${name} is ${JSON.stringify(joined)}`;
  }
  return null;
}

type Sight = Omit<Sees, 'fields'> & { readonly headers: readonly (readonly [string, string])[] };

/** The body of the echo applications. */
function parseSight(body: Buffer): Sight | null {
  try {
    const raw: unknown = JSON.parse(body.toString());
    if (typeof raw !== 'object' || raw === null) return null;
    return { headers: [], ...raw };
  } catch {
    return null;
  }
}

function targetOf(answer: HttpAnswer | undefined): string | null {
  if (answer === undefined || answer.status !== 200) return null;
  return parseSight(answer.body)?.target ?? null;
}

function quote(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
