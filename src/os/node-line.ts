/** The day after which a Node.js line gets no more security fixes (nodejs/Release, schedule.json). Odd lines live half a year. */
const END_OF_LIFE: Readonly<Record<number, string>> = {
  20: '2026-04-30',
  21: '2024-06-01',
  22: '2027-04-30',
  23: '2025-06-01',
  24: '2028-04-30',
  25: '2026-06-01',
  26: '2029-04-30',
};

/** What is to be said about the Node.js line that runs this; `null` while it gets security fixes, or when it is newer than the table. */
export function nodeLineFault(
  version: string,
  today: Date,
): { version: string; endedOn: string; advice: string } | null {
  const endedOn = END_OF_LIFE[Number.parseInt(version, 10)];
  if (endedOn === undefined || today <= new Date(endedOn)) return null;
  return { version, endedOn, advice: 'run the server on a line with long-term support' };
}
