import { fetchText } from '../../support/client.ts';

/** What the echo application counted since it started. */
export interface Counts {
  /** Bodies that ended cleanly and should not have. */
  readonly cleanEnds: number;
  /** Bodies whose reading failed, as it should have. */
  readonly failedReads: number;
  /** Requests that must never have been run. */
  readonly marks: number;
  /** Endless answers whose client left. */
  readonly aborts: number;
}

/** Asks the echo application for what it counted. */
export async function askCounts(port: number): Promise<Counts> {
  const { text } = await fetchText(`http://127.0.0.1:${port}`, { path: '/counts' });
  return { cleanEnds: 0, failedReads: 0, marks: 0, aborts: 0, ...JSON.parse(text) };
}
