import { defaultText, environmentText, flagTexts } from '../config/derive/setting-facts.ts';
import { commandFlags } from '../config/flag-table.ts';
import { type Setting, sections } from '../config/setting.ts';
import { settings } from '../config/settings/index.ts';

const WIDTH = 100;
const FLAG_COLUMN = 34;

const HEAD = `Usage: tsunicorn [options] TARGET

TARGET is the application: path[:export], such as ./app.ts or ./app.ts:handler.
Every option may stand in a config file too, where it is named in camelCase.`;

const TAIL = `Examples:
  tsunicorn ./app.ts
  tsunicorn -w 4 -b 0.0.0.0:8000 -b unix:/run/app/app.sock ./app.ts:handler
  tsunicorn --config production.conf.ts --access-log -
  WEB_CONCURRENCY=4 PORT=8080 tsunicorn ./app.ts

Signals of the master:
  HUP        reload: read the config again, start new workers, then let the old ones finish
  TTIN TTOU  one worker more, one fewer
  TERM       stop when all requests are finished
  INT QUIT   stop quickly
  USR1       open the log files again
  USR2       upgrade: start a new master with the same sockets, and serve on beside it
  WINCH      let all workers leave and keep the sockets, until HUP or TTIN

Exit codes:
  0  stopped as asked
  1  configuration or bind error
  2  wrong usage
  3  no worker ever became ready`;

/** The text of `--help`: at most 100 columns wide, ending in a line break. */
export function helpText(): string {
  const chapters = sections.map((section) => {
    const members = settings.filter((setting) => setting.section === section && setting.commandLine !== 'positional');
    return `${section}:\n${members.map((setting) => entry(spellings(setting), describe(setting))).join('\n')}`;
  });
  const general = commandFlags.map(({ flag, short, value, summary }) =>
    entry(align([...(short === undefined ? [] : [short]), value === undefined ? flag : `${flag} ${value}`]), summary),
  );
  return `${[HEAD, `General:\n${general.join('\n')}`, ...chapters, TAIL].join('\n\n')}\n`;
}

function spellings(setting: Setting): string {
  return align(flagTexts(setting));
}

/** A long flag without a letter is indented by the width of one, so that long flags stand below each other. */
function align(texts: readonly string[]): string {
  return texts[0]?.startsWith('--') ? `    ${texts.join(', ')}` : texts.join(', ');
}

function describe(setting: Setting): string {
  const variable = environmentText(setting);
  const facts = [
    `default: ${defaultText(setting).replaceAll('","', '", "')}`,
    ...(variable === undefined ? [] : [`environment: ${variable}`]),
    ...(setting.appliesOn === 'restart' ? ['needs a restart'] : []),
  ];
  return `${setting.summary.replaceAll('`', '')} [${facts.join('; ')}]`;
}

function entry(flags: string, text: string): string {
  const lines = wrap(text, WIDTH - FLAG_COLUMN);
  const indent = ' '.repeat(FLAG_COLUMN);
  const left = `  ${flags}`;
  const [first = '', ...rest] = lines;
  const opening = left.length < FLAG_COLUMN ? [left.padEnd(FLAG_COLUMN) + first] : [left, indent + first];
  return [...opening, ...rest.map((line) => indent + line)].join('\n');
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
