import { TsunicornError } from '../errors.ts';
import { inspectDescriptor } from './listening-socket.ts';

/** SD_LISTEN_FDS_START in sd_listen_fds(3). */
const FIRST_FD = 3;
/** More sockets than anybody passes. */
const MOST_FDS = 256;

/** What a service manager says about the sockets that it opened (sd_listen_fds(3)). */
export interface PassingVariables {
  readonly LISTEN_PID?: string;
  readonly LISTEN_FDS?: string;
  readonly LISTEN_FDNAMES?: string;
}

/**
 * The sockets that a service manager passed to the process with this pid, in the form of `bind`: `fd://3`. None where it passed none, or
 * where they are meant for another process.
 *
 * @throws TsunicornError `PASSED_SOCKET` where one is no stream socket that listens: whatever else it is, it is not to be answered on.
 */
export function passedSockets(
  variables: PassingVariables,
  { pid, inspect = inspectDescriptor }: { pid: number; inspect?: typeof inspectDescriptor },
): readonly string[] {
  const { LISTEN_PID, LISTEN_FDS = '0', LISTEN_FDNAMES } = variables;
  if (LISTEN_PID !== String(pid)) return [];
  const count = /^\d{1,4}$/.test(LISTEN_FDS) ? Number(LISTEN_FDS) : Number.NaN;
  if (!(count <= MOST_FDS)) {
    throw refusal([`LISTEN_FDS is "${LISTEN_FDS}", but must be a number of sockets, ${MOST_FDS} at most.`]);
  }
  const names = LISTEN_FDNAMES?.split(':');
  if (names !== undefined && count > 0 && names.length !== count) {
    throw refusal([`LISTEN_FDNAMES has ${names.length} names ("${LISTEN_FDNAMES}"), but LISTEN_FDS is ${count}.`]);
  }
  const fds = Array.from({ length: count }, (_, index) => FIRST_FD + index);
  const faults = fds.flatMap((fd, index) => {
    const found = inspect(fd);
    if (found.is !== 'other') return [];
    const name = names?.[index] ?? '';
    return [`Descriptor ${fd}${name === '' ? '' : ` ("${name}")`} is ${found.what}.`];
  });
  if (faults.length > 0) throw refusal(faults);
  return fds.map((fd) => `fd://${fd}`);
}

function refusal(faults: readonly string[]): TsunicornError {
  const message =
    'Cannot use the sockets that LISTEN_FDS passes: each must be a stream socket that listens (ListenStream= and Accept=no in the .socket unit).';
  return new TsunicornError('PASSED_SOCKET', message, { faults });
}
