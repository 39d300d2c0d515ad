import fc from './random.ts';

/**
 * Any text, lone surrogates and control characters among them. `fc.string({ unit: 'binary' })` makes a table of all characters first, which
 * takes half a second.
 */
export function anyText(bounds: { maxLength?: number } = {}): fc.Arbitrary<string> {
  const unit = fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code));
  return fc.string({ unit, ...bounds });
}
