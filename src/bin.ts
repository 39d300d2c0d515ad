#!/usr/bin/env node
import { runCommand } from './cli/run.ts';

process.exitCode = await runCommand(process.argv.slice(2));
// Nothing is left to do: a handle that somebody's hook forgot must not keep a stopped server alive.
process.exit();
