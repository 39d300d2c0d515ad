import { type Setting, sections } from '../setting.ts';
import { settings } from '../settings/index.ts';
import { appliesText, defaultText, environmentText, flagTexts, sourceText, typeText } from './setting-facts.ts';

const INTRODUCTION = `# Settings

A setting comes from, later ones over earlier ones:

1. its default,
2. the config file: \`tsunicorn.conf.{ts,mts,js,mjs,cjs,json,yaml,yml}\`, \`.tsunicornrc\`, \`.tsunicornrc.{json,yaml,yml,js,ts,mjs,cjs}\` or the key
   \`tsunicorn\` of \`package.json\` in the directory the server is started in, or the file that \`--config PATH\` names,
3. \`WEB_CONCURRENCY\` and \`PORT\`,
4. the flags in \`TSUNICORN_CMD_ARGS\`,
5. the flags of the command line.

\`tsunicorn --print-config\` shows each value and where it came from. \`tsunicorn --check-config\` checks everything without a start.
A name that is unknown, a value of a wrong type and settings that contradict each other stop the start, all told at once.

A config file in TypeScript or JavaScript exports an object, or a function (also an async one) that returns one:

\`\`\`ts
import { defineConfig } from 'tsunicorn';

export default defineConfig({ app: './app.ts', workers: 4 });
\`\`\`

It may import other files; a reload reads them again. A reload evaluates the file in a process of its own first, for at most
\`bootTimeout\`: where it loops for ever or ends that process, the reload is refused and the server serves on.

In JSON, \`"$schema": "./node_modules/tsunicorn/schema/tsunicorn.schema.json"\` lets an editor complete and check the names.
[Hooks](hooks.md) are functions and need TypeScript or JavaScript.
`;

/** The text of `docs/settings.md`. */
export function settingsPageText(): string {
  const chapters = sections.map((section) => {
    const members = settings.filter((setting) => setting.section === section);
    return [`## ${section}`, ...members.map(entryOf)].join('\n\n');
  });
  return `${[INTRODUCTION, ...chapters].join('\n')}\n`.replaceAll(/\n(## )/g, '\n\n$1').replaceAll(/\n{3,}/g, '\n\n');
}

function entryOf(setting: Setting): string {
  const variable = environmentText(setting);
  const rows = [
    `- Value: ${typeText(setting)}`,
    `- Default: ${codeUnlessProse(defaultText(setting))}`,
    `- Command line: ${flagTexts(setting)
      .map((text) => `\`${text}\``)
      .join(', ')}`,
    ...(variable === undefined ? [] : [`- Environment variable: \`${variable}\``]),
    `- A change takes effect with: ${appliesText(setting)}`,
    `- Example: \`${setting.name}: ${sourceText(setting, setting.example)}\``,
  ];
  return `### ${setting.name}\n\n${setting.summary}\n\n${setting.details}\n\n${rows.join('\n')}`;
}

function codeUnlessProse(text: string): string {
  return text.startsWith('none') ? text : `\`${text}\``;
}
