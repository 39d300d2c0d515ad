const INTRODUCTION = `# Log events

Every line of the server's own log carries one of these names in its field \`event\`. The names do not change; the words may.
`;

/** The text of `docs/log-events.md`, from the table of events, which belongs to the logging. */
export function logEventsPageText(events: Readonly<Record<string, { level: string; message: string }>>): string {
  const rows = Object.entries(events).map(([name, { level, message }]) => `| \`${name}\` | ${level} | ${message} |`);
  return `${[INTRODUCTION, '| event | level | words |', '|---|---|---|', ...rows].join('\n')}\n`;
}
