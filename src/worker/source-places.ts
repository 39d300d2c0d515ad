import { readFileSync, statSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RawFrame } from './testimony.ts';

/** Larger ones are not worth the time that is left, nor the memory. */
const LARGEST_FILE_BYTES = 16 * 1024 * 1024;
const MAP_COMMENT = '\n//# sourceMappingURL=';

interface LoadedMap {
  readonly map: SourceMap;
  /** The folder that its sources are seen from. */
  readonly base: string;
}

/**
 * Makes what turns places in compiled scripts into those of their sources, by the maps that the scripts name, in themselves or beside them.
 * What jiti compiles needs none: it keeps every line where it was.
 *
 * @param loadedAtMs of `Date.now()`: a script that was changed since is not the one that runs, and its map would lie.
 */
export function createSourcePlaces(loadedAtMs: number): (frame: RawFrame) => string {
  const maps = new Map<string, LoadedMap | null>();
  return ({ text, file, line, column }) => {
    const path = file === null ? null : pathOf(file);
    if (file === null || path === null) return text;
    let known = maps.get(path);
    if (known === undefined) {
      known = loadMap(path, loadedAtMs);
      maps.set(path, known);
    }
    const place = (known === null ? null : placeBy(known, { line, column })) ?? `${path}:${line}:${column}`;
    return text.replace(`${file}:${line}:${column}`, () => place);
  };
}

/** `null`: the map does not know it. */
function placeBy({ map, base }: LoadedMap, { line, column }: { line: number; column: number }): string | null {
  const origin = map.findEntry(line - 1, column - 1);
  if (!('originalSource' in origin)) return null;
  return `${sourcePath(origin.originalSource, base)}:${origin.originalLine + 1}:${origin.originalColumn + 1}`;
}

/** `null`: no file. */
function pathOf(file: string): string | null {
  try {
    if (file.startsWith('file:')) return fileURLToPath(file);
    return isAbsolute(file) ? file : null;
  } catch {
    return null;
  }
}

function loadMap(path: string, loadedAtMs: number): LoadedMap | null {
  try {
    const script = readSmall(path, loadedAtMs);
    const at = script.lastIndexOf(MAP_COMMENT);
    if (at === -1) return null;
    const [url = ''] = script.slice(at + MAP_COMMENT.length).split(/\s/, 1);
    const mapPath = url.startsWith('data:') ? path : resolve(dirname(path), decodeURIComponent(url));
    const text = url.startsWith('data:') ? decodeDataUrl(url) : readSmall(mapPath, loadedAtMs);
    const payload: SourceMapPayload = JSON.parse(text);
    return { map: new SourceMap(payload), base: dirname(mapPath) };
  } catch {
    // Not there, not readable, or no map.
    return null;
  }
}

function readSmall(path: string, loadedAtMs: number): string {
  const { size, mtimeMs } = statSync(path);
  if (size > LARGEST_FILE_BYTES || mtimeMs > loadedAtMs) return '';
  return readFileSync(path, 'utf8');
}

/** The text of a data URL (RFC 2397). */
function decodeDataUrl(url: string): string {
  const comma = url.indexOf(',');
  const data = url.slice(comma + 1);
  const isBase64 = url.slice(0, comma).endsWith(';base64');
  return isBase64 ? Buffer.from(data, 'base64').toString() : decodeURIComponent(data);
}

function sourcePath(source: string, base: string): string {
  return pathOf(source) ?? (URL.canParse(source) ? source : resolve(base, source));
}
