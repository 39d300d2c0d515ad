const listOfText = { type: 'array', items: { type: 'string', minLength: 1 } } as const;

/**
 * `'a, b'` is the list of `a` and `b`: how Gunicorn's users write it, and the only form that an environment variable has. A flag may be
 * repeated, and each of its values may be such a text.
 */
export const textOrList = {
  schema: { anyOf: [{ type: 'string' }, listOfText] },
  resolved: {
    schema: listOfText,
    from: (value: unknown) => (Array.isArray(value) ? value : [value]).flatMap(parts),
  },
} as const;

function parts(text: unknown): unknown {
  return typeof text === 'string' ? text.split(',').flatMap((part) => part.trim() || []) : [text];
}
