// What the two applications answer with, so that every server of a comparison sends the same bytes.

/** How long a server keeps an idle connection: longer than any comparison with idle connections takes. */
export const KEEP_ALIVE_SECONDS = 240;

export const HELLO = 'hello world\n';
export const LARGE = Buffer.alloc(100 * 1024, 'a');
export const PIECES = 16;
export const PIECE = Buffer.alloc(4 * 1024, 'b');

/** A small object, made anew for each request as an application would. */
export function person() {
  return { id: 4711, name: 'Ada Lovelace', tags: ['mathematics', 'engines'], active: true };
}
