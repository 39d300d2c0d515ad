import type { AccessRecord } from '../../../src/logging/access-log.ts';

/** A request as a test needs it: what it does not name is a plain GET, answered with 12 bytes after 1.234567 s. */
export function recordOf(
  overrides: Partial<AccessRecord> = {},
  fields: {
    request?: Record<string, string>;
    response?: Record<string, string>;
    environment?: Record<string, string>;
  } = {},
): AccessRecord {
  return {
    remoteAddress: '203.0.113.7',
    startedAt: Date.UTC(2026, 10, 22, 10, 46, 6, 789),
    durationUs: 1_234_567,
    method: 'GET',
    target: '/shop/cart?id=7&x=',
    protocol: 'HTTP/1.1',
    status: 200,
    responseBytes: 12,
    requestHeader: (name) => fields.request?.[name],
    responseHeader: (name) => fields.response?.[name],
    environment: (name) => fields.environment?.[name],
    pid: 4711,
    ...overrides,
  };
}

/** The header of Basic authentication for these credentials. */
export function basic(credentials: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
}
