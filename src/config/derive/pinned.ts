import type { Config, Hooks, WrittenForms } from '../../settings.ts';
import type { InferredHooks } from '../hooks.ts';
import type { InferredConfig, InferredForms } from '../settings/index.ts';

/** `true` only for two types that are the same in every respect. */
type Same<Left, Right> = (<T>() => T extends Left ? 1 : 2) extends <T>() => T extends Right ? 1 : 2 ? true : false;
type Flat<T> = { [Key in keyof T]: T[Key] };

/**
 * Holds the generated `src/settings.ts` against what the tables imply: when it is stale, one of these does not compile. Run
 * `npx tsx scripts/generate.ts`.
 */
export type Pinned = [
  IsTrue<Same<Flat<Config>, Flat<InferredConfig>>>,
  IsTrue<Same<Flat<WrittenForms>, Flat<InferredForms>>>,
  IsTrue<Same<Flat<Hooks>, Flat<InferredHooks>>>,
];

type IsTrue<T extends true> = T;
