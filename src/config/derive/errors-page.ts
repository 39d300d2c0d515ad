import { errorCodes } from '../../errors.ts';

const INTRODUCTION = `# Errors

An error that a person can repair has a code. Its message says what happened, why, and what to do; it is printed on standard error and,
while the server runs, written to its log.

| exit code | meaning |
|---|---|
| 0 | stopped as asked |
| 1 | configuration or bind error |
| 2 | wrong usage |
| 3 | no worker ever became ready; the error of the application is printed last |
`;

/** The text of `docs/errors.md`. */
export function errorsPageText(): string {
  const rows = Object.entries(errorCodes).map(
    ([code, { exitCode, title }]) => `| \`${code}\` | ${exitCode} | ${title} |`,
  );
  return `${[INTRODUCTION, '| code | exit code | meaning |', '|---|---|---|', ...rows].join('\n')}\n`;
}
