import type { HttpCase } from '../case.ts';
import { earlyAnswers, expectations, upgrades } from './bodies.ts';
import { chunks } from './chunks.ts';
import { contentLength } from './content-length.ts';
import { host } from './host.ts';
import { limits } from './limits.ts';
import { lineEnds } from './line-ends.ts';
import { namesAndValues } from './names-and-values.ts';
import { pipelining } from './pipelining.ts';
import { requestLine } from './request-line.ts';
import { bodyless, errorAnswers, halfClosed, lengths, oldVersion, responseHeads } from './responses.ts';
import { target } from './target.ts';
import { trailers } from './trailers.ts';
import { transferEncoding } from './transfer-encoding.ts';

/** All cases, row by row. */
export const httpCases: readonly HttpCase[] = [
  ...lineEnds,
  ...requestLine,
  ...target,
  ...host,
  ...namesAndValues,
  ...contentLength,
  ...transferEncoding,
  ...chunks,
  ...trailers,
  ...limits,
  ...pipelining,
  ...earlyAnswers,
  ...expectations,
  ...upgrades,
  ...bodyless,
  ...responseHeads,
  ...lengths,
  ...oldVersion,
  ...halfClosed,
  ...errorAnswers,
];
