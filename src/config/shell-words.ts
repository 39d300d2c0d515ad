/**
 * Splits text into words as a shell does with quotes and backslashes, and nothing else of a shell: no variables, no wildcards.
 * Returns the fault as a sentence part where a quote is not closed.
 */
export function splitWords(text: string): readonly string[] | { readonly fault: string } {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    const next = text.charAt(index + 1);
    if (quote !== null) {
      if (character === quote) quote = null;
      else if (character === '\\' && quote === '"' && (next === '"' || next === '\\')) {
        word += next;
        index += 1;
      } else word += character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (character === '\\' && next !== '') {
      word = (word ?? '') + next;
      index += 1;
    } else if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + character;
  }
  if (quote !== null) return { fault: `a quote (${quote}) is not closed` };
  return word === null ? words : [...words, word];
}
