import { type Given, type Layer, sourceOf } from './layer.ts';
import type { Setting } from './setting.ts';
import { settings } from './settings/index.ts';

/**
 * Lays the layers over the defaults, the last one on top. An object (`env`) is merged by key, everything else is replaced as a whole.
 * What no layer gives and what has no default is absent from the result.
 */
export function merge(layers: readonly Layer[]): Layer {
  const merged = new Map<string, Given>();
  for (const setting of settings) {
    const given = layers.flatMap((layer) => layer.get(setting.name) ?? []);
    const top = isObjectSetting(setting) ? mergeObjects(given) : given.at(-1);
    if (top !== undefined) merged.set(setting.name, top);
    else if (Object.hasOwn(setting, 'default')) {
      merged.set(setting.name, { value: setting.default, source: sourceOf.default });
    }
  }
  return merged;
}

function isObjectSetting(setting: Setting): boolean {
  return 'type' in setting.schema && setting.schema.type === 'object';
}

/** A value that is no object cannot be merged: it stands alone, so that validation meets it. */
function mergeObjects(given: readonly Given[]): Given | undefined {
  const broken = given.findLast(({ value }) => typeof value !== 'object' || value === null || Array.isArray(value));
  if (broken !== undefined || given.length < 2) return broken ?? given[0];
  return {
    value: Object.fromEntries(given.flatMap(({ value }) => Object.entries(value ?? {}))),
    source: given.map(({ source }) => source).join(', '),
  };
}
