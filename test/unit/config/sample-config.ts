import { merge } from '../../../src/config/merge.ts';
import { isComplete, resolveValid } from '../../../src/config/validate.ts';
import type { Config } from '../../../src/settings.ts';

/** A complete configuration: the defaults and an application. */
export function sampleConfig(): Config {
  const config = resolveValid(merge([new Map([['app', { value: './app.ts', source: 'argument TARGET' }]])]));
  if (isComplete(config)) return config;
  throw new Error('a default is missing');
}
