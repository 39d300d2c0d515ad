import { hookTable } from '../hooks.ts';

const INTRODUCTION = `# Hooks

A hook is a function in the config file. It may be async: a promise is awaited, at most 30 s. A hook that throws is logged by its name and
the server goes on; only in \`onStarting\`, and in \`preFork\` while the server starts, an error stops the start.

\`\`\`ts
import { defineConfig } from 'tsunicorn';

export default defineConfig({
  app: './app.ts',
  whenReady(server) {
    server.log.info('open for business', { addresses: server.addresses });
  },
});
\`\`\`

Master hooks run in the master, worker hooks in each worker, which evaluates the text of the config file that the master read. They
share no variables. A function may leave out parameters at its end; one that declares more than the hook has is refused.
`;

const OBJECTS = `## What they get

- \`server\`: \`pid\` of the master, \`addresses\` it listens on, \`workers\` (how many there should be), \`config\`, \`log\`
- \`worker\`: \`id\`, \`pid\` (0 in \`preFork\`), \`generation\` (1 at the start, one more with each reload), \`log\`
- \`newValue\`, \`oldValue\`: numbers of workers
- \`evidence\`: \`silentMs\`, for how many milliseconds the worker sent no heartbeat
- \`faults\`: sentences that say why the reload failed
- \`request\`, \`response\`: \`IncomingMessage\` and \`ServerResponse\` of \`node:http\`
- \`log\`: \`debug\`, \`info\`, \`warn\`, \`error\`, each \`(message, fields?)\`, to the server's own log
`;

/** The text of `docs/hooks.md`. */
export function hooksPageText(): string {
  const rows = hookTable.map(
    (hook) => `| \`${hook.name}(${hook.parameters.join(', ')})\` | ${hook.process} | ${hook.summary} |`,
  );
  const table = ['## All hooks', '', '| hook | process | when |', '|---|---|---|', ...rows].join('\n');
  return [INTRODUCTION, `${table}\n`, OBJECTS].join('\n');
}
