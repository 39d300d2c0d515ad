#!/usr/bin/env node
import { refuseInspector } from './os/inspector.ts';

refuseInspector();
// To load the rest takes long enough for a signal to come.
const { runCommand } = await import('./cli/run.ts');
process.exitCode = await runCommand(process.argv.slice(2));
// Nothing is left to do: a handle that somebody's hook forgot must not keep a stopped server alive.
process.exit();
