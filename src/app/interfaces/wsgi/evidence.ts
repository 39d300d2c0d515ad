/** Of the text that is logged: what an operator reads, and what fits into a line. */
const MOST_CHARACTERS = 8 * 1024;
const FRAME = /^ {2}File "(.*)", line \d+ in /;
/** Frames of the host, and those that begin every thread. */
const OURS = /\/interfaces\/wsgi\/host\.py$|\/threading\.py$/;

/**
 * What a process wrote last, as evidence of why it was ended: of the tracebacks of its threads (faulthandler's) only those in which the
 * application is, and of those only its own frames. A text without tracebacks stays as it is, but for its length.
 */
export function evidenceOf(lastWords: string): string {
  const kept = lastWords.split('\n\n').flatMap((block) => {
    const lines = block.split('\n').filter((line) => !OURS.test(FRAME.exec(line)?.[1] ?? ''));
    const isThread = /^(?:Current t|T)hread 0x/.test(block);
    return isThread && !lines.some((line) => FRAME.test(line)) ? [] : [lines.join('\n')];
  });
  const hasFrames = kept.some((block) => block.split('\n').some((line) => FRAME.test(line)));
  return (hasFrames ? kept.join('\n\n') : lastWords).slice(-MOST_CHARACTERS).trim();
}
