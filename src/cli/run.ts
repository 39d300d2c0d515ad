import { writeSync } from 'node:fs';
import { type LoadRequest, loadConfig } from '../config/load.ts';
import { unreachable } from '../errors.ts';
import { passedSockets } from '../listener/activation.ts';
import { checkApplication } from '../master/check.ts';
import { serve } from '../master/serve.ts';
import { vetted } from '../master/vet.ts';
import { startDirectory } from '../os/directory.ts';
import { packageVersion } from '../os/package.ts';
import { notifyTarget, takeManagerVariables } from '../os/service-manager.ts';
import { realSystem } from '../os/system.ts';
import { parseCommandLine } from './command-line.ts';
import { helpText } from './help.ts';
import { printConfig } from './print-config.ts';
import { exitCodeOf, reportError } from './report.ts';

/** Does what the command line says, and returns the exit code. Nothing is thrown: whatever went wrong was printed for a person. */
export async function runCommand(argv: readonly string[]): Promise<number> {
  let failureCode: number | null = null;
  try {
    const { command, flags, configPath } = parseCommandLine(argv);
    const request: LoadRequest = { flags, configPath, cwd: startDirectory(), env: process.env };
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
        await serve(underManager(), { system: realSystem, notify: notifyTarget(manager, process.pid) });
        break;
      default:
        return unreachable(command);
    }
    return 0;
  } catch (error) {
    writeSync(2, reportError(error));
    return failureCode ?? exitCodeOf(error);
  }
}

function print(text: string): void {
  writeSync(1, text);
}
