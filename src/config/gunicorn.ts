import { nearestName, plainName } from './nearest.ts';

/** Names that Gunicorn has under another word here. */
const renamed = {
  raw_env: '"env" here, an object: env: { NAME: "value" }',
  wsgi_app: '"app" here, as path[:export]',
  default_proc_name: '"procName" here',
  keepalive: '"keepAlive" here',
  worker_processes: '"workers" here',
  pid: '"pidFile" here',
  name: '"procName" here',
  log_file: '"errorLog" here',
  workdir: '"chdir" here',
  preload: '"preloadApp" here',
  ca_certs: '"caFile" here',
  cert_reqs: '"clientCert" here: "none", "optional" or "required"',
  ssl_context: 'the hook "tlsContext" here',
} as const;

/** Names that only the command line has. */
const commandLineOnly = {
  config: 'the flag --config',
  check_config: 'the flag --check-config',
  print_config: 'the flag --print-config',
} as const;

/** What Gunicorn has and this server does without, and what to do instead. */
const leftOut = {
  worker_class:
    'every worker runs an event loop, and what the application is decides the rest; of Python applications, "processes" and "threads" say how many requests run at a time',
  worker_tmp_dir: 'heartbeats need no file here',
  spew: 'pass --inspect=0 to the workers by NODE_OPTIONS in "env", and attach a debugger',
  logger_class: 'use "logFormat" and "accessLogFormat"',
  logconfig: 'use "logLevel", "logFormat" and "errorLog"',
  logconfig_dict: 'use "logLevel", "logFormat" and "errorLog"',
  logconfig_json: 'use "logLevel", "logFormat" and "errorLog"',
  paste: 'name the application as TARGET and keep settings in tsunicorn.conf.ts',
  paste_global_conf: 'name the application as TARGET and keep settings in tsunicorn.conf.ts',
  sendfile: 'the application decides how it sends files',
  suppress_ragged_eofs: 'there is nothing to switch',
  do_handshake_on_connect: 'there is nothing to switch',
  ssl_version: 'use "minVersion"',
  tmp_upload_dir: 'the application decides where it keeps uploads',
  permit_unconventional_http_method: 'loosening HTTP invites request smuggling; correct the client',
  permit_unconventional_http_version: 'loosening HTTP invites request smuggling; correct the client',
  permit_obsolete_folding: 'loosening HTTP invites request smuggling; correct the client',
  strip_header_spaces: 'loosening HTTP invites request smuggling; correct the client',
  casefold_http_method: 'loosening HTTP invites request smuggling; correct the client',
  enable_stdio_inheritance: 'workers always write to the standard output and error of the server',
  k: 'every worker runs an event loop, and what the application is decides the rest; of Python applications, "processes" and "threads" say how many requests run at a time',
  http_protocols: 'HTTP/1.1 is what it speaks; let a proxy speak the others',
  initgroups: 'the groups of "user" are always set',
} as const;

/** What the design has and this release has not yet, and what serves until then. */
const later: Readonly<Record<string, readonly string[]>> = {
  'Let a proxy such as nginx set this limit.': ['workerConnections'],
  'Write the log to standard output and error, and let systemd or the container carry it on.': [
    'captureOutput',
    'syslog',
    'syslogAddr',
    'R',
    'disableRedirectAccessToSyslog',
    'syslogPrefix',
    'syslogFacility',
    'statsdHost',
    'statsdPrefix',
    'dogstatsdTags',
    'metricsBind',
  ],
  'Use signals.': ['controlSocket', 'controlSocketMode', 'controlSocketDisable'],
  'Use "reload".': ['reloadEngine'],
  'Remove it.': ['reusePort'],
};

const answers: ReadonlyMap<string, (written: string) => string> = new Map([
  ...Object.entries(renamed).map(([name, here]) => entry(name, (written) => `"${written}" is ${here}.`)),
  ...Object.entries(commandLineOnly).map(([name, flag]) =>
    entry(name, (written) => `"${written}" is no setting: use ${flag}.`),
  ),
  ...Object.entries(leftOut).map(([name, instead]) =>
    entry(name, (written) => `"${written}" is left out on purpose: ${instead}. Remove it.`),
  ),
  ...Object.entries(later).flatMap(([instead, names]) =>
    names.map((name) => entry(name, (written) => `"${written}" is not in this release. ${instead}`)),
  ),
]);

/** What to tell somebody who writes a name that Gunicorn or a later release has and this one has not. */
export function gunicornAnswer(written: string): string | undefined {
  return answers.get(plainName(written))?.(written);
}

/** The choice that a word most likely means: what Gunicorn calls by it, or the nearest one. */
export function nearestChoice(setting: string, value: string, choices: readonly string[]): string | undefined {
  return valueNames[setting]?.[value.toLowerCase()] ?? nearestName(value, choices);
}

/** Gunicorn's words for values that have another one here. */
const valueNames: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  logLevel: { warning: 'warn', critical: 'error', fatal: 'error', trace: 'debug' },
};

function entry(name: string, answer: (written: string) => string): [string, (written: string) => string] {
  return [plainName(name), answer];
}
