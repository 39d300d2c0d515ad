/** `path[:export]` taken apart. `exportName` is `null` when the default is meant. */
export interface Target {
  readonly path: string;
  readonly exportName: string | null;
}

/** Splits at the last colon, when a JavaScript name follows it: `./app.ts:handler`, `dist/server.js`. */
export function parseTarget(text: string): Target {
  const match = /^(.+):([\p{ID_Start}$_][\p{ID_Continue}$]*)$/u.exec(text);
  return match?.[1] === undefined || match[2] === undefined
    ? { path: text, exportName: null }
    : { path: match[1], exportName: match[2] };
}

const EXTENSIONS = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts'];

/** The files that a target's path may mean, in the order in which they are tried. */
export function candidateFiles(path: string): readonly string[] {
  const asDirectory = EXTENSIONS.map((extension) => `${path.replace(/\/+$/, '')}/index${extension}`);
  return [path, ...EXTENSIONS.map((extension) => `${path}${extension}`), ...asDirectory];
}
