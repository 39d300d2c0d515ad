/**
 * After how many requests a worker asks to be replaced; `null`: never. `random` in [0, 1) spreads workers that started together over
 * `maxRequestsJitter` requests more.
 */
export function recycleAfter(
  limits: { maxRequests: number; maxRequestsJitter: number },
  random: number,
): number | null {
  if (limits.maxRequests === 0) return null;
  return limits.maxRequests + Math.floor(random * (limits.maxRequestsJitter + 1));
}
