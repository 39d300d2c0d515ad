import { projectFile } from './contender.ts';

/** As long as the peers keep an idle connection. */
const KEEP_ALIVE_SECONDS = 240;

/** The command line of tsunicorn with this application, on a port that its log tells. */
export function oursCommand(
  target: string,
  options: { nodeFlags: readonly string[]; workers: number; flags: readonly string[] },
): string[] {
  const { nodeFlags, workers, flags } = options;
  const common = ['--bind', '127.0.0.1:0', '--log-format', 'json', '--keep-alive', String(KEEP_ALIVE_SECONDS)];
  return [
    process.execPath,
    ...nodeFlags,
    projectFile('dist/bin.js'),
    ...['--workers', String(workers), ...common, ...flags, target],
  ];
}

/** What our log says when all workers are ready. */
export const oursUpWhen = /"server\.ready"/;
