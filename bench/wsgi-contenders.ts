import type { Comparison } from './comparisons.ts';
import { type Contender, projectFile } from './contender.ts';
import { oursCommand, oursUpWhen } from './ours.ts';

const WORKERS = 2;
/** Processes for the view that waits: more than there are processors. */
const WAITING = 4;
/** Where a server has threads at all. */
const THREADS = 4;

interface Size {
  readonly processes: number;
  readonly threads: number;
}

/** The WSGI servers to compare with: their names in `peers/wsgi/launch.py`, and what each process prints when it is up. */
const peers = [
  { name: 'gunicorn-sync', title: 'Gunicorn sync', threads: 1, upWhen: /worker is up/ },
  { name: 'gunicorn-gthread', title: 'Gunicorn gthread', threads: THREADS, upWhen: /worker is up/ },
  { name: 'gunicorn-h1c', title: 'Gunicorn gthread, C parser', threads: THREADS, upWhen: /worker is up/ },
  { name: 'uwsgi', title: 'uWSGI', threads: 1, upWhen: /spawned uWSGI worker/ },
  { name: 'waitress', title: 'waitress', threads: THREADS, upWhen: /^serving$/ },
  { name: 'granian', title: 'granian', threads: 1, upWhen: /Started worker-/ },
] as const;

export const pythonOfPeers = (): string => projectFile('bench/peers/.venv/bin/python');

/**
 * As many Python processes in all as the peers have. For the view that waits they are all one worker's, as an operator would have it: there is
 * one queue then, and which of two workers a connection fell to does not decide how long its requests wait.
 */
function ours(id: string, size: Size): Contender {
  const { processes, threads } = size;
  const workers = processes === WAITING ? 1 : WORKERS;
  const paths = ['bench/peers/wsgi', 'examples/django'].map(projectFile);
  const python = ['--interface', 'wsgi', '--python', pythonOfPeers(), '--python-path', paths.join(',')];
  const counts = ['--processes', String(processes / workers), '--threads', String(threads)];
  return {
    id,
    title: `tsunicorn (wsgi, ${sizeOf(size)})`,
    short: 'wsgi',
    processes,
    application: processes === WAITING ? 'wsgi-waiting' : 'wsgi',
    command: (nodeFlags) => oursCommand('bench_app:application', { nodeFlags, workers, flags: [...python, ...counts] }),
    upWhen: oursUpWhen,
  };
}

function peerOf({ name, title, threads, upWhen }: (typeof peers)[number], processes: number): Contender {
  const isWaiting = processes === WAITING;
  return {
    id: isWaiting ? `${name}-${WAITING}` : name,
    title: `${title} (${sizeOf({ processes, threads })})`,
    short: title,
    processes,
    application: isWaiting ? 'wsgi-waiting' : 'wsgi',
    command: () => [
      pythonOfPeers(),
      projectFile('bench/peers/wsgi/launch.py'),
      name,
      String(processes),
      String(threads),
    ],
    upWhen,
    upTimes: processes,
  };
}

function sizeOf({ processes, threads }: Size): string {
  return `${processes} processes${threads === 1 ? '' : ` of ${threads} threads`}`;
}

const waitingOurs = (threads: number): string => (threads === 1 ? `wsgi-${WAITING}` : `wsgi-${WAITING}x${threads}`);

/** Every server that runs the WSGI application. */
export const wsgiContenders: readonly Contender[] = [
  ours('wsgi', { processes: WORKERS, threads: 1 }),
  ours(waitingOurs(1), { processes: WAITING, threads: 1 }),
  ours(waitingOurs(THREADS), { processes: WAITING, threads: THREADS }),
  ...peers.map((peer) => peerOf(peer, WORKERS)),
  ...peers.map((peer) => peerOf(peer, WAITING)),
];

/** Equal numbers of processes always; for the view that waits, of threads too. */
export const wsgiComparisons: readonly Comparison[] = [
  ...peers.map(({ name }) => ({
    ours: 'wsgi',
    peer: name,
    scenarios: ['wsgi-hello', 'wsgi-json', 'wsgi-django', 'wsgi-slow'],
  })),
  ...peers.map(({ name, threads }) => ({
    ours: waitingOurs(threads),
    peer: `${name}-${WAITING}`,
    scenarios: ['wsgi-sleep'],
  })),
];
