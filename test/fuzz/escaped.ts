/** Bytes in latin1 as a JavaScript string that can be pasted into a test. */
export function escaped(text: string): string {
  let written = '';
  for (const character of JSON.stringify(text)) {
    const code = character.charCodeAt(0);
    written += code < 0x7f ? character : `\\x${code.toString(16).padStart(2, '0')}`;
  }
  return written.replaceAll('\\u00', '\\x');
}
