/** What one proxy wrote into `Forwarded`: whom it was asked by, and how. `null` where it does not say. */
export interface ForwardedElement {
  readonly for: string | null;
  readonly proto: string | null;
}

/** `token` of RFC 9110, section 5.6.2. */
const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
/** Between the quotes: `qdtext` and `quoted-pair` of RFC 9110, section 5.6.4. */
const QUOTED = /"((?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*)"/y;
const SPACE = /[ \t]*/y;

/**
 * Reads one field value of `Forwarded` (RFC 7239, section 4). It also takes spaces around `;`, which several proxies write. `null` where
 * it is malformed: an unclosed quote in what a client wrote could swallow what a proxy appended, so no part of it counts.
 */
export function parseForwarded(value: string): readonly ForwardedElement[] | null {
  const elements: ForwardedElement[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(value);
    if (match === null) return null;
    at = pattern.lastIndex;
    return match[1] ?? match[0];
  };
  const takeValue = (): string | null =>
    value[at] === '"' ? (take(QUOTED)?.replaceAll(/\\(.)/gs, '$1') ?? null) : take(TOKEN);

  for (;;) {
    const pairs = new Map<string, string>();
    do {
      take(SPACE);
      const name = take(TOKEN)?.toLowerCase();
      if (name !== undefined) {
        if (value[at++] !== '=') return null;
        const content = takeValue();
        if (content === null || pairs.has(name)) return null;
        pairs.set(name, content);
      }
      take(SPACE);
    } while (value[at] === ';' && ++at > 0);
    elements.push({ for: pairs.get('for') ?? null, proto: pairs.get('proto') ?? null });
    if (at >= value.length) return elements;
    if (value[at++] !== ',') return null;
  }
}
