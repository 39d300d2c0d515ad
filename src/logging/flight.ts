/** Whole lines on their way to `fd`, of which the kernel has taken `written` bytes. */
export interface Flight {
  fd: number;
  bytes: Buffer;
  written: number;
}

const lineFeed = 0x0a;

/** How many lines are not, or not wholly, written. */
export function linesLeft({ bytes, written }: Flight): number {
  let lines = 0;
  for (let at = bytes.indexOf(lineFeed, written); at !== -1; at = bytes.indexOf(lineFeed, at + 1)) lines += 1;
  return lines;
}

/**
 * Sends the rest of the flight to another file, and says how many lines that costs: if the old file has the beginning of a line, its end
 * would be half a line in the new one, so it is given up.
 */
export function redirect(flight: Flight, fd: number): 0 | 1 {
  flight.fd = fd;
  if (flight.written === 0 || flight.bytes[flight.written - 1] === lineFeed) return 0;
  flight.written = flight.bytes.indexOf(lineFeed, flight.written) + 1;
  return 1;
}
