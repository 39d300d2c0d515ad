import { setting } from '../setting.ts';

/** How large a request may be. What is larger is refused, never cut short. */
export const security = [
  setting({
    name: 'limitRequestLine',
    section: 'Security',
    appliesOn: 'reload',
    schema: { type: 'integer', minimum: 128, maximum: 65_536 },
    default: 8190,
    example: 4094,
    summary: 'The longest request line in bytes: method, target and version.',
    details: 'A longer one is answered with 414.',
  }),
  setting({
    name: 'limitRequestFields',
    section: 'Security',
    appliesOn: 'reload',
    schema: { type: 'integer', minimum: 1, maximum: 10_000 },
    default: 100,
    example: 50,
    summary: 'How many header fields a request may have.',
    details: 'One more is answered with 431.',
  }),
  setting({
    name: 'limitRequestFieldSize',
    section: 'Security',
    appliesOn: 'reload',
    schema: { type: 'integer', minimum: 128, maximum: 65_536 },
    default: 8190,
    example: 16_380,
    summary: 'The longest header field in bytes: name, colon and value.',
    details: 'A longer one is answered with 431. `limitRequestHead` bounds all fields together.',
  }),
  setting({
    name: 'limitRequestHead',
    section: 'Security',
    appliesOn: 'reload',
    schema: { type: 'integer', minimum: 256, maximum: 1_048_576 },
    default: 32_768,
    example: 65_536,
    summary: 'How many bytes all header fields of a request may have together.',
    details:
      'More are answered with 431. The memory that a connection holds before the application is asked follows from it.',
  }),
  setting({
    name: 'limitRequestBody',
    section: 'Security',
    appliesOn: 'reload',
    schema: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    default: 0,
    example: 10_485_760,
    summary: 'How many bytes the body of a request may have; 0: any number.',
    details:
      'A longer one is answered with 413: at once where its length is announced, else when the limit is passed, and the connection is closed.',
  }),
  setting({
    name: 'serverHeader',
    section: 'Security',
    appliesOn: 'reload',
    schema: { anyOf: [{ type: 'string', pattern: '^[!-~]+( [!-~]+)*$', title: 'printable text' }, { type: 'null' }] },
    default: 'tsunicorn',
    example: 'shop',
    summary: 'What answers say in their `Server` field; `null`: they have none.',
    details: 'An application that sets the field itself wins. No version is ever told.',
  }),
] as const;
