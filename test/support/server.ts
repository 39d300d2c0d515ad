import { spawn } from 'node:child_process';
import { type CommandOptions, prepareCommand } from './command.ts';
import { type Family, followFamily } from './family.ts';
import { brokenInvariants, type Exit } from './invariants.ts';
import { type EventOptions, type LogEventName, type LogLine, type LogReader, readLog } from './log.ts';
import { disown, own } from './owned.ts';
import { children } from './process-tree.ts';
import { exitOf, within } from './spawned.ts';

export { fixture } from './command.ts';
export type { Exit } from './invariants.ts';
export type { EventOptions, LogEventName, LogLine } from './log.ts';
export { type RunResult, runServer } from './run-server.ts';

/** How to start a server, and what to wait for. */
export interface ServerOptions extends CommandOptions {
  /** The event after which the server counts as started; `null`: do not wait. Default `'server.ready'`. */
  readonly waitFor?: LogEventName | null;
  /** For `waitFor`. Default 20 000. */
  readonly startTimeoutMs?: number;
}

/** What is allowed when a server is stopped. */
export interface StopOptions {
  /** Default SIGTERM. Not sent to a server that has ended already. */
  readonly signal?: NodeJS.Signals;
  /** Names of events that may have been logged at level error. */
  readonly expectErrors?: readonly LogEventName[];
  /** Default code 0. */
  readonly expectExit?: Exit;
  /** From the signal to the exit. Default 15 000. */
  readonly timeoutMs?: number;
  /** From the exit to the end of the last process: idle orphans leave when the channel to their master closes. Default 2000. */
  readonly orphansMs?: number;
}

/** A real server in a process of its own. The test owns it and must `stop()` it. */
export interface Server {
  /** The master's. */
  readonly pid: number;
  /** Of the last log line that named any: `'http://127.0.0.1:PORT'`, `'unix:/path'`. */
  readonly addresses: readonly string[];
  /** Of the first TCP address. */
  readonly port: number;
  /** The first TCP address. */
  readonly url: string;
  /** The first unix socket. */
  readonly unixPath: string;
  /** The server's temporary folder: its working directory unless `cwd` was given. Removed by `stop()`. */
  readonly dir: string;
  /** All parsed lines so far. */
  readonly log: readonly LogLine[];
  readonly stderrText: string;
  readonly stdoutText: string;
  /** The first line with that event, logged already (from index `after` on) or still to come; the log stream itself resolves it. */
  event(name: LogEventName, where?: (line: LogLine) => boolean, options?: EventOptions): Promise<LogLine>;
  /** The index of the next log line, for `after`. */
  mark(): number;
  /** Sends a signal to the master. @throws if it has ended */
  signal(name: NodeJS.Signals): void;
  /** The pids of the live workers: children of the master that did not log as a master themselves. */
  workers(): number[];
  /** All live processes that belong to the server, the master too. */
  processes(): number[];
  /** Writes the config file anew. */
  writeConfig(config: string | object): void;
  readonly exited: Promise<Exit>;
  /**
   * Signals, waits for the exit, removes the temporary folder, and holds the invariants against the server.
   *
   * @throws with every broken invariant and the last 40 lines of the log
   */
  stop(options?: StopOptions): Promise<void>;
}

/** An upgrade's new master is a child of the old one, and logs one of these before it has workers. */
const MASTER_SAYS = new Set(['server.starting', 'server.listening', 'server.ready']);

/** Starts `dist/bin.js` (with the Node that `TSUNICORN_TEST_NODE` names, or this one) and waits until it is ready. */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const { waitFor = 'server.ready', startTimeoutMs = 20_000 } = options;
  const command = prepareCommand(options);
  const child = spawn(command.node, command.args, {
    cwd: command.cwd,
    env: command.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) {
    command.remove();
    throw new Error(`cannot start ${command.node}`);
  }
  const family = followFamily(pid, command.mark);
  const log = readLog(child.stderr, (line) => follow(family, line));
  const stdout = readLog(child.stdout);
  const exited = exitOf(child, [log, stdout]);
  const owned = {
    label: `server ${pid} (${command.args.slice(1).join(' ')}), which was not stopped`,
    destroy() {
      family.kill();
      command.remove();
    },
  };
  own(owned);

  function dispose(): void {
    owned.destroy();
    disown(owned);
  }

  if (waitFor !== null) {
    await log.event(waitFor, undefined, { timeoutMs: startTimeoutMs }).catch((error) => {
      dispose();
      throw error;
    });
  }

  return {
    pid,
    dir: command.dir,
    log: log.lines,
    exited,
    get addresses() {
      return currentAddresses(log);
    },
    get port() {
      return Number(new URL(addressStarting('http', log)).port);
    },
    get url() {
      return addressStarting('http', log);
    },
    get unixPath() {
      return addressStarting('unix:', log).slice('unix:'.length);
    },
    get stderrText() {
      return log.text;
    },
    get stdoutText() {
      return stdout.text;
    },
    event: log.event,
    mark: () => log.lines.length,
    signal(name) {
      if (!child.kill(name)) throw new Error(`${name} did not reach server ${pid}: it has ended; ${log.tail()}`);
    },
    workers: () => liveWorkers(pid, log.lines),
    processes: family.alive,
    writeConfig: command.writeConfig,
    async stop(stopOptions = {}) {
      const { signal = 'SIGTERM', expectErrors = [], expectExit = { code: 0, signal: null } } = stopOptions;
      const { timeoutMs = 15_000, orphansMs = 2_000 } = stopOptions;
      family.scan();
      child.kill(signal);
      try {
        const exit = await within(exited, timeoutMs, `server ${pid} did not end within ${timeoutMs} ms of ${signal}`);
        const { dir, pidFile } = command;
        const allowed = { expectExit, expectErrors, orphansMs };
        const broken = await brokenInvariants({ ...allowed, exit, lines: log.lines, family, dir, pidFile });
        if (broken.length > 0) throw new Error(broken.join('\n'));
      } catch (thrown) {
        if (thrown instanceof Error) thrown.message = `${thrown.message}\n${log.tail()}`;
        throw thrown;
      } finally {
        dispose();
      }
    },
  };
}

/** The pids that a log line names belong to the server; a line that tells of new processes is worth a look at all of them. */
function follow(family: Family, line: LogLine): void {
  family.note(line.pid);
  if (line.workerPid !== undefined) family.note(line.workerPid);
  if (line.event === 'worker.ready' || line.event === 'server.ready') family.scan();
}

function liveWorkers(masterPid: number, lines: readonly LogLine[]): number[] {
  const masters = new Set(lines.filter((line) => MASTER_SAYS.has(line.event)).map((line) => line.pid));
  return children(masterPid).filter((pid) => !masters.has(pid));
}

function currentAddresses(log: LogReader): readonly string[] {
  return log.lines.findLast((line) => line.addresses !== undefined)?.addresses ?? [];
}

function addressStarting(prefix: string, log: LogReader): string {
  const found = currentAddresses(log).find((address) => address.startsWith(prefix));
  if (found === undefined) throw new Error(`the server logged no address that starts with ${prefix}; ${log.tail()}`);
  return found;
}
