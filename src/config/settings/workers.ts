import { usableCpus } from '../../os/cpus.ts';
import { setting } from '../setting.ts';

const MOST_WORKERS = 1000;
const numberOfWorkers = {
  type: 'integer',
  minimum: 1,
  maximum: MOST_WORKERS,
  title: 'a whole number from 1 to 1000',
} as const;

/** How many workers there are, and when one is replaced. */
export const workers = [
  setting({
    name: 'workers',
    section: 'Workers',
    appliesOn: 'reload',
    schema: { anyOf: [numberOfWorkers, { type: 'string', enum: ['auto'] }] },
    resolved: {
      schema: numberOfWorkers,
      from: (value: unknown) => (value === 'auto' ? Math.min(usableCpus(), MOST_WORKERS) : value),
    },
    default: 1,
    example: 4,
    short: 'w',
    environment: { variable: 'WEB_CONCURRENCY' },
    summary: 'How many workers serve requests.',
    details:
      "`'auto'`: one for each CPU that the server may use, of those in its affinity mask, or fewer where the CPU quota of its cgroup allows less; a reload counts anew. The signals TTIN and TTOU change the number until the next reload, which takes this one again.",
  }),
  setting({
    name: 'maxRequests',
    section: 'Workers',
    appliesOn: 'reload',
    schema: { type: 'integer', minimum: 0, maximum: 1_000_000_000 },
    default: 0,
    example: 10_000,
    summary:
      'After how many requests a worker, or of a Python application each Python process, is replaced by a fresh one; 0: never.',
    details:
      'A remedy for an application that leaks memory. The replacement is ready before the old one leaves, and one is replaced at a time (of Python processes, one in each worker).',
  }),
  setting({
    name: 'maxRequestsJitter',
    section: 'Workers',
    appliesOn: 'reload',
    schema: { type: 'integer', minimum: 0, maximum: 1_000_000_000 },
    default: 0,
    example: 1000,
    summary: 'Each worker or Python process adds a random number from 0 to this to `maxRequests`.',
    details: 'It keeps those that started together from leaving together. It needs `maxRequests`.',
  }),
  setting({
    name: 'maxMemory',
    section: 'Workers',
    appliesOn: 'reload',
    schema: { type: 'integer', minimum: 0, maximum: 1_000_000_000 },
    default: 0,
    example: 512,
    summary:
      'At how many MiB of memory a worker, or of a Python application each Python process, is replaced by a fresh one; 0: never.',
    details:
      'What counts is what the process has in memory (the resident set), shared pages included; it is looked at about once a second, of Python processes every five (Linux only). The replacement is ready before the old one leaves, which finishes its requests first, and one is replaced at a time (of Python processes, one in each worker). So keep some room between this and what the kernel or the container allows.',
  }),
  setting({
    name: 'maxSurge',
    section: 'Workers',
    appliesOn: 'reload',
    schema: { type: 'integer', minimum: 1, maximum: 1000 },
    default: 1,
    example: 2,
    summary: 'How many workers above `workers` may run while old ones are replaced by new ones.',
    details: 'More makes a reload faster and needs more memory for its length.',
  }),
  setting({
    name: 'settleTime',
    section: 'Workers',
    appliesOn: 'reload',
    schema: { type: 'number', minimum: 0, maximum: 3600 },
    default: 1,
    example: 5,
    summary:
      'How many seconds the first worker of a reload has to live before it takes connections, and then as long again before the others are replaced; 0: not at all.',
    details:
      'If it ends within that time the reload is aborted, and the old workers serve on. A worker that dies by itself, because it misses a table or a password, is found out before it has a client to lose; one that dies of its first requests, before the others are replaced by its like.',
  }),
] as const;
