import { gunicornAnswer } from './gunicorn.ts';
import { checkHooks, findHook, type Hooks, hookTable } from './hooks.ts';
import { type Layer, sourceOf, sourcePhrase } from './layer.ts';
import { nearestName, plainName } from './nearest.ts';
import { findSetting, settingNames } from './settings/index.ts';

/** What the object that a config file exports holds. */
export interface FileValues {
  readonly layer: Layer;
  readonly hooks: Hooks;
  readonly faults: readonly string[];
}

const knownNames: readonly string[] = [...settingNames, ...hookTable.map((hook) => hook.name)];

/**
 * Sorts the entries of a config file into settings and hooks, and tells each name that is neither. An entry that is `undefined` counts as
 * not there, so that a file may write `bind: process.env.BIND`. `$schema`, which editors read, is allowed.
 */
export function readFileValues(path: string, value: Readonly<Record<string, unknown>>): FileValues {
  const source = sourceOf.file(path);
  const entries = Object.entries(value).filter(([name, entry]) => entry !== undefined && name !== '$schema');
  const { hooks, faults } = checkHooks(Object.fromEntries(entries.filter(([name]) => findHook(name) !== undefined)));
  const unknown = entries.map(([name]) => name).filter((name) => !findHook(name) && !findSetting(name));
  return {
    layer: new Map(
      entries.flatMap(([name, entry]) => (findSetting(name) ? [[name, { value: entry, source }] as const] : [])),
    ),
    hooks,
    faults: [...unknown.map((name) => unknownName(name, source)), ...faults],
  };
}

function unknownName(name: string, source: string): string {
  const nearest = nearestName(name, knownNames);
  const place = `in ${sourcePhrase(source)}`;
  const sameWord = nearest !== undefined && plainName(nearest) === plainName(name);
  const answer = sameWord ? undefined : gunicornAnswer(name);
  if (answer !== undefined) return `Unknown setting "${name}" ${place}: ${answer}`;
  return nearest === undefined
    ? `Unknown setting "${name}" ${place}: remove it. docs/settings.md lists those there are.`
    : `Unknown setting "${name}": did you mean "${nearest}"? It is ${place}.`;
}
