import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { readMemory } from '../../src/app/interfaces/wsgi/memory.ts';

export const MIB = 1_048_576;
const PIECE = Buffer.alloc(256 * 1024, 'a piece of a large body ');
const SAMPLE_EVERY_MS = 50;

/** How many bytes an answer has; they are not kept. */
export async function download(url: string): Promise<{ readonly bytes: number; readonly md5: string }> {
  const asked = request(url, { agent: false }).end();
  const [response] = await once(asked, 'response');
  const digest = createHash('md5');
  let bytes = 0;
  for await (const piece of response) {
    bytes += piece.length;
    digest.update(piece);
  }
  return { bytes, md5: digest.digest('hex') };
}

/** Sends that many bytes, as fast as they are taken, and resolves with the answer and their digest. */
export async function upload(
  url: string,
  options: { bytes: number; chunked?: boolean },
): Promise<{ readonly text: string; readonly md5: string }> {
  const headers = options.chunked === true ? {} : { 'Content-Length': options.bytes };
  const sending = request(url, { agent: false, method: 'POST', headers });
  const answered = once(sending, 'response');
  const digest = createHash('md5');
  for (let left = options.bytes; left > 0; left -= PIECE.length) {
    const piece = PIECE.subarray(0, left);
    digest.update(piece);
    if (!sending.write(piece)) await once(sending, 'drain');
  }
  sending.end();
  const [response] = await answered;
  return { text: await text(response), md5: digest.digest('hex') };
}

/** By how many MiB each of the processes grew at most while something was done. Linux only. */
export async function growthWhile(pids: readonly number[], act: () => Promise<unknown>): Promise<number[]> {
  const look = () => Promise.all(pids.map(async (pid) => (await readMemory(pid)) ?? 0));
  const before = await look();
  const growth = pids.map(() => 0);
  let isOver = false;
  const sampling = (async () => {
    while (!isOver) {
      const now = await look();
      for (const [index, mib] of now.entries())
        growth[index] = Math.max(growth[index] ?? 0, mib - (before[index] ?? 0));
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_EVERY_MS));
    }
  })();
  await act().finally(() => {
    isOver = true;
  });
  await sampling;
  return growth;
}
