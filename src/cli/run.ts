import { writeSync } from 'node:fs';
import { type LoadRequest, loadConfig } from '../config/load.ts';
import { unreachable } from '../errors.ts';
import { passedSockets } from '../listener/activation.ts';
import { checkApplication } from '../master/check.ts';
import { serve } from '../master/serve.ts';
import { vetted } from '../master/vet.ts';
import { takeDaemonOrigin } from '../os/daemon-mark.ts';
import { startDirectory } from '../os/directory.ts';
import { packageVersion } from '../os/package.ts';
import { type NotifyTarget, notifyTarget, takeManagerVariables } from '../os/service-manager.ts';
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
    const origin = takeDaemonOrigin();
    const { command, flags, configPath, trustsConfig } = parseCommandLine(argv);
    const request: LoadRequest = { flags, configPath, trustsConfig, cwd: startDirectory(), env: process.env };
    const manager = takeManagerVariables(process.env);
    const underManager = (): LoadRequest => ({
      ...request,
      passedSockets: passedSockets(manager, { pid: process.pid }),
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
        return await serveHereOrThere(underManager(), { argv, report, notify: notifyTarget(manager, process.pid) });
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
  { argv, report, notify }: { argv: readonly string[]; report: DaemonReport | null; notify: NotifyTarget | null },
): Promise<number> {
  if (report !== null) {
    await serve(request, { system: realSystem, notify, onReady: report.ready });
    return 0;
  }
  let exitCode = 0;
  const beDaemon = async () => {
    exitCode = await goToBackground(argv);
  };
  await serve(request, { system: realSystem, notify, beDaemon });
  return exitCode;
}

/**
 * Starts the server in the background, and says how to end it.
 *
 * @returns the exit code: its own when it did not come up.
 */
async function goToBackground(argv: readonly string[]): Promise<number> {
  const start = await startDaemon(argv, { node: process.execPath, script: process.argv[1] ?? '' });
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
