import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fetchText } from './client.ts';
import { type CommandOptions, prepareCommand } from './command.ts';
import { fixture, runServer, type Server } from './server.ts';

/** The application that says who its process is, and tries what it is asked to. */
export const identityApp = fixture('apps/identity.mjs');

/** What it says. */
export interface Identity {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly loadedAs: { readonly uid: number; readonly umask: number };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly tried: Readonly<Record<string, string>>;
}

/** Asks it, and has it try what the query says. */
export async function identityOf(server: Server, query: Readonly<Record<string, string>> = {}): Promise<Identity> {
  const path = `/?${new URLSearchParams(query)}`;
  const to = server.addresses[0]?.startsWith('unix:') === true ? { unixPath: server.unixPath } : server.url;
  return JSON.parse((await fetchText(to, { path })).text);
}

/** The lines of `/proc/PID/status` that say who a process is. */
export function statusOf(pid: number): Record<string, string> {
  const text = readFileSync(`/proc/${pid}/status`, 'latin1');
  const rows = [...text.matchAll(/^(\w+):[ \t]*(.*?)[ \t]*$/gm)].map(([, key = '', value = '']) => [
    key,
    value.replaceAll(/\s+/g, ' '),
  ]);
  return Object.fromEntries(rows);
}

/** Starts a server that must not come up, and gives the end of what it says. */
export async function refusalOf(
  options: CommandOptions,
): Promise<{ code: number | null; why: string; events: readonly string[] }> {
  const target = options.config === undefined ? { app: identityApp } : {};
  const { code, stderr, log } = await runServer({ cwd: '/', ...target, ...options });
  return { code, why: stderr.trim(), events: log.map(({ event }) => event) };
}

/** Runs a command as another user, from a directory that is open to it; `null`: as this one. */
export function runAs(
  who: number | null,
  options: Parameters<typeof prepareCommand>[0],
): { status: number | null; stderr: string } {
  const command = prepareCommand(options);
  const identity = who === null ? {} : { uid: who, gid: who };
  try {
    const { cwd, env } = command;
    const { status, stderr } = spawnSync(command.node, command.args, { ...identity, cwd, env, encoding: 'utf8' });
    return { status, stderr };
  } finally {
    command.remove();
  }
}
