/** A promise that a hook returns is awaited for at most this long. */
const HOOK_TIMEOUT_MS = 30_000;

/**
 * Calls a hook and waits for its promise, at most `HOOK_TIMEOUT_MS`; an absent hook is nothing. Resolves with what it returned.
 *
 * @throws what the hook throws or rejects with, or an error that says that it took too long.
 */
export async function callHook<Parameters extends unknown[]>(
  hook: ((...parameters: Parameters) => unknown) | undefined,
  ...parameters: Parameters
): Promise<unknown> {
  if (hook === undefined) return undefined;
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    const sentence = `its promise was still pending after ${HOOK_TIMEOUT_MS / 1000} s and is no longer awaited`;
    timer = setTimeout(() => reject(new Error(sentence)), HOOK_TIMEOUT_MS);
  });
  try {
    return await Promise.race([hook(...parameters), tooLong]);
  } finally {
    clearTimeout(timer);
  }
}
