import { writeSync } from 'node:fs';
import { type LoadRequest, loadConfig } from '../config/load.ts';
import { unreachable } from '../errors.ts';
import { passedSockets } from '../listener/activation.ts';
import { takeInheritance } from '../listener/inheritance.ts';
import { checkApplication } from '../master/check.ts';
import { type Origin, serve } from '../master/serve.ts';
import { vetted } from '../master/vet.ts';
import { takeDaemonOrigin } from '../os/daemon-mark.ts';
import { packageVersion } from '../os/package.ts';
import { notifyTarget, takeManagerVariables } from '../os/service-manager.ts';
import { type StartedAs, startedAs } from '../os/started-as.ts';
import { realSystem } from '../os/system.ts';
import { parseCommandLine } from './command-line.ts';
import { type DaemonReport, reportToStarter, startDaemon } from './daemon.ts';
import { helpText } from './help.ts';
import { printConfig } from './print-config.ts';
import { exitCodeOf, reportError } from './report.ts';

/** Does what the command line says, and returns the exit code. Nothing is thrown: whatever went wrong was printed for a person. */
export async function runCommand(argv: readonly string[]): Promise<number> {
  let failureCode: number | null = null;
  let report: DaemonReport | null = null;
  try {
    // First of all: what reads the environment after that must not find these variables there.
    const inheritance = takeInheritance(process.env, { parentPid: process.ppid });
    const origin = takeDaemonOrigin();
    const manager = takeManagerVariables(process.env);
    const started = startedAs(argv);
    const { command, flags, configPath, trustsConfig } = parseCommandLine(argv);
    const request: LoadRequest = { flags, configPath, trustsConfig, cwd: started.cwd, env: process.env };
    const underManager = (): LoadRequest => ({
      ...request,
      passedSockets: inheritance?.passed ?? passedSockets(manager, { pid: process.pid }),
    });
    switch (command) {
      case 'help':
        print(helpText());
        break;
      case 'version':
        print(`tsunicorn ${packageVersion()}\n`);
        break;
      case 'printConfig':
        print(printConfig(await loadConfig(underManager())));
        break;
      case 'checkConfig': {
        // Whatever a check finds wrong, it is the configuration's fault.
        failureCode = 1;
        const loaded = vetted(await loadConfig(underManager()));
        await checkApplication(loaded, { system: realSystem, cwd: request.cwd });
        print(
          `The configuration is valid${loaded.file === null ? '' : ` (${loaded.file.path})`}, and the application starts.\n`,
        );
        break;
      }
      case 'serve':
        if (origin !== null) report = reportToStarter(origin);
        return await serveHereOrThere(underManager(), {
          report,
          from: { system: realSystem, startedAs: started, inheritance, notify: notifyTarget(manager, process.pid) },
        });
      default:
        return unreachable(command);
    }
    return 0;
  } catch (error) {
    const [text, exitCode] = [reportError(error), failureCode ?? exitCodeOf(error)];
    writeSync(2, text);
    await report?.failed(text, exitCode);
    return exitCode;
  }
}

/** Only the configuration says whether this process is the server, or starts one in the background. */
async function serveHereOrThere(
  request: LoadRequest,
  { report, from }: { report: DaemonReport | null; from: Origin },
): Promise<number> {
  // Also one that takes the place of another: it is where that one was.
  if (report !== null || from.inheritance !== null) {
    await serve(request, report === null ? from : { ...from, onReady: report.ready });
    return 0;
  }
  let exitCode = 0;
  const beDaemon = async () => {
    exitCode = await goToBackground(from.startedAs);
  };
  await serve(request, { ...from, beDaemon });
  return exitCode;
}

/**
 * Starts the server in the background, and says how to end it.
 *
 * @returns the exit code: its own when it did not come up.
 */
async function goToBackground({ node, script, args }: StartedAs): Promise<number> {
  const start = await startDaemon(args, { node, script });
  if (start.kind === 'failed') {
    writeSync(2, start.text);
    return start.exitCode;
  }
  print(`tsunicorn runs in the background as process ${start.pid}. To stop it: kill -TERM ${start.pid}\n`);
  return 0;
}

function print(text: string): void {
  writeSync(1, text);
}
