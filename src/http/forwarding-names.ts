/** What the rules for the names of header fields follow from; each means the setting of that name. */
export interface NameSettings {
  readonly secureSchemeHeaders: Readonly<Record<string, string>>;
  readonly forwarderHeaders: readonly string[];
  /** `keep`: for interfaces that take `x_y` and `x-y` for two names, where no client can pass one for the other. */
  readonly headerMap: 'drop' | 'refuse' | 'keep';
}

/** What is done with a field because of its name. The last two pass it on and read its value. */
export type Verdict =
  | { readonly action: 'pass' | 'drop' | 'refuse' }
  | { readonly action: 'readAddresses'; readonly field: 'x-forwarded-for' | 'forwarded' }
  | { readonly action: 'readScheme'; readonly field: string; readonly secureValue: string };

/** Judges field names. */
export interface NameJudge {
  /** Whether the name needs a look at all; one that needs none passes. */
  isSuspect(name: string): boolean;
  judge(name: string, sender: { readonly trusted: boolean }): Verdict;
}

const PREFIX = 'x-forwarded-';
const PASS: Verdict = { action: 'pass' };
const DROP: Verdict = { action: 'drop' };
const REFUSE: Verdict = { action: 'refuse' };

/** `X_Forwarded-For` → `x-forwarded-for`: what CGI-like interfaces take for one name has one key. */
const keyOf = (name: string): string => name.toLowerCase().replaceAll('_', '-');

/** Prepares the rules once for all requests. */
export function createNameJudge({ secureSchemeHeaders, forwarderHeaders, headerMap }: NameSettings): NameJudge {
  const readings = new Map<string, Verdict>(
    Object.entries(secureSchemeHeaders).map(([name, value]) => {
      const field = keyOf(name);
      return [field, { action: 'readScheme', field, secureValue: value.toLowerCase() }];
    }),
  );
  for (const field of ['x-forwarded-for', 'forwarded'] as const) {
    readings.set(field, { action: 'readAddresses', field });
  }
  const spellings = new Set(forwarderHeaders.map((name) => name.toLowerCase()));
  const forwarderKeys = new Set(forwarderHeaders.map(keyOf));
  const proxyKeys = new Set([...readings.keys(), 'x-real-ip']);

  const judge: NameJudge['judge'] = (name, { trusted }) => {
    const lower = name.toLowerCase();
    const key = keyOf(lower);
    // httpoxy: CGI programs and many HTTP clients take HTTP_PROXY for the proxy to use.
    if (key === 'proxy') return DROP;
    if (forwarderKeys.has(key)) {
      // Only as the setting spells it. nginx sends SCRIPT_NAME when it is told so, and a client's `Script-Name` beside it.
      return trusted && spellings.has(lower) ? (readings.get(key) ?? PASS) : DROP;
    }
    const isForwarding = proxyKeys.has(key) || key.startsWith(PREFIX);
    if (lower.includes('_') && (isForwarding || headerMap !== 'keep')) return headerMap === 'refuse' ? REFUSE : DROP;
    if (!isForwarding) return PASS;
    return trusted ? (readings.get(key) ?? PASS) : DROP;
  };
  return { judge, isSuspect: createSuspicion(['proxy', ...proxyKeys, ...forwarderKeys]) };
}

/** Bit n: names of n characters; the last one: all that are longer. */
const bitOf = (length: number): number => 1 << Math.min(length, 31);

/** Looks at first letter and length before anything is copied to lower case: this is asked for every field of every request. */
function createSuspicion(keys: readonly string[]): NameJudge['isSuspect'] {
  const lengths = new Int32Array(128);
  const note = (letter: string, bits: number) => {
    const code = letter.charCodeAt(0);
    lengths[code] = (lengths[code] ?? 0) | bits;
  };
  for (const key of keys) {
    note(key.charAt(0), bitOf(key.length));
    note(key.charAt(0).toUpperCase(), bitOf(key.length));
  }
  const prefixed = ~(bitOf(PREFIX.length) - 1);
  note('x', prefixed);
  note('X', prefixed);
  // A name that is spelt with "_" in front is found by its "_".
  return (name) => ((lengths[name.charCodeAt(0)] ?? 0) & bitOf(name.length)) !== 0 || name.includes('_');
}
