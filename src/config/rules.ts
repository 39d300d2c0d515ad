import type { Config } from '../settings.ts';
import { type Layer, sourceOf, sourcePhrase } from './layer.ts';

/** What a rule looks at: the settings that are valid on their own, and where each value came from. */
interface Facts {
  readonly config: Partial<Config>;
  readonly merged: Layer;
}

type Rule = (facts: Facts) => string[];

const rules: readonly Rule[] = [
  appIsGiven,
  jitterHasRequests,
  addressesDiffer,
  tlsIsWhole,
  clientsAreVouchedFor,
  pythonRunsPython,
  wsgiHasPythonTarget,
  daemonWritesToFiles,
  textsEndWhereTheySeem,
];

/** The faults between settings that are each right on their own. A setting that is itself at fault is not looked at. */
export function checkRules(facts: Facts): string[] {
  return rules.flatMap((rule) => rule(facts));
}

function appIsGiven({ merged }: Facts): string[] {
  if (merged.has('app')) return [];
  return ['No application given: name it on the command line ("tsunicorn ./app.ts") or set "app" in the config file.'];
}

function jitterHasRequests({ config, merged }: Facts): string[] {
  const { maxRequests, maxRequestsJitter = 0 } = config;
  if (maxRequests !== 0 || maxRequestsJitter === 0) return [];
  const source = sourcePhrase(merged.get('maxRequestsJitter')?.source ?? '');
  return [
    `"maxRequestsJitter" is ${maxRequestsJitter} (from ${source}), but "maxRequests" is 0, so no worker is ever replaced. Set "maxRequests" too, or remove "maxRequestsJitter".`,
  ];
}

function addressesDiffer({ config, merged }: Facts): string[] {
  const source = sourcePhrase(merged.get('bind')?.source ?? '');
  const firstOf = new Map<string, string>();
  return (config.bind ?? []).flatMap((address) => {
    const normal = normalAddress(address);
    const first = firstOf.get(normal);
    if (first === undefined) firstOf.set(normal, address);
    // Port 0 is another port each time.
    if (first === undefined || /:0$/.test(normal)) return [];
    const same = first === address ? 'twice' : `as "${first}" and as "${address}", which are the same`;
    return [`"bind" from ${source} holds one address ${same}. Remove one.`];
  });
}

function tlsIsWhole({ config, merged }: Facts): string[] {
  const { keyFile, certFile } = config;
  if (keyFile === undefined || certFile === undefined) return [];
  const sourceOf = (name: string) => sourcePhrase(merged.get(name)?.source ?? '');
  if (keyFile !== null && certFile !== null) return [];
  if (keyFile !== null) return [halfTls('keyFile', 'certFile', sourceOf('keyFile'))];
  if (certFile !== null) return [halfTls('certFile', 'keyFile', sourceOf('certFile'))];
  const { clientCert = 'none', ciphers = null } = config;
  const alone = [...(clientCert === 'none' ? [] : ['clientCert']), ...(ciphers === null ? [] : ['ciphers'])];
  return alone.map(
    (name) =>
      `"${name}" (from ${sourceOf(name)}) counts only with TLS, but no "keyFile" and "certFile" are given. Set them, or remove "${name}".`,
  );
}

function halfTls(given: string, missing: string, source: string): string {
  return `"${given}" (from ${source}) is given without "${missing}". TLS needs both: set "${missing}" too, or remove "${given}".`;
}

function clientsAreVouchedFor({ config, merged }: Facts): string[] {
  const { clientCert, caFile } = config;
  if (clientCert === undefined || caFile === undefined) return [];
  if (clientCert !== 'none' && caFile === null) {
    const source = sourcePhrase(merged.get('clientCert')?.source ?? '');
    return [
      `"clientCert" is '${clientCert}' (from ${source}), but no "caFile" says who may sign the certificates of clients. Set "caFile" too, or remove "clientCert".`,
    ];
  }
  if (clientCert !== 'none' || caFile === null) return [];
  const source = sourcePhrase(merged.get('caFile')?.source ?? '');
  return [
    `"caFile" (from ${source}) is given, but "clientCert" is 'none', so no client is asked for a certificate. Set "clientCert" to 'required' or 'optional', or remove "caFile".`,
  ];
}

/** What counts only for WSGI, where the interface is said to be another one. */
const PYTHON_ONLY = ['pythonPath', 'processes', 'threads', 'preloadApp', 'queueTimeout'] as const;

function pythonRunsPython({ config, merged }: Facts): string[] {
  const { interface: wanted = 'auto' } = config;
  if (wanted === 'auto' || wanted === 'wsgi') return [];
  return PYTHON_ONLY.flatMap((name) => {
    const given = merged.get(name);
    if (given === undefined || given.source === sourceOf.default || config[name] === undefined) return [];
    return `"${name}" (from ${sourcePhrase(given.source)}) counts only for Python applications, but "interface" is '${wanted}'. Remove "${name}", or set "interface" to 'wsgi'.`;
  });
}

function wsgiHasPythonTarget({ config, merged }: Facts): string[] {
  const { app, interface: wanted } = config;
  if (app === undefined || wanted !== 'wsgi' || !/\.[cm]?[jt]sx?(:|$)/.test(app)) return [];
  const source = sourcePhrase(merged.get('interface')?.source ?? '');
  return [
    `"interface" is 'wsgi' (from ${source}), but "app" names the file "${app}", which is no Python module. Write a module such as "shop.wsgi:application", or remove "interface".`,
  ];
}

function daemonWritesToFiles({ config, merged }: Facts): string[] {
  if (config.daemon !== true) return [];
  const source = sourcePhrase(merged.get('daemon')?.source ?? '');
  return (['errorLog', 'accessLog'] as const)
    .filter((name) => config[name] === '-')
    .map(
      (name) =>
        `"daemon" is on (from ${source}), but "${name}" is '-': a server in the background has no terminal, and all of it would be lost. Set "${name}" to the path of a file.`,
    );
}

/** The kernel would take less than what is written (a path ends at its NUL), and Node refuses it without saying which setting it is. */
function textsEndWhereTheySeem({ config }: Facts): string[] {
  const broken = Object.entries(config).filter(([, value]) => JSON.stringify(value).includes('\\u0000'));
  return broken.map(([name]) => `"${name}" holds a NUL character, which no path and no variable can hold. Remove it.`);
}

/** A bare port means this machine, an empty host every IPv4 address (see `bind`). */
function normalAddress(address: string): string {
  if (/^\d+$/.test(address)) return `127.0.0.1:${Number(address)}`;
  if (/^:\d+$/.test(address)) return `0.0.0.0${address}`;
  return address.startsWith('unix:') ? address : address.toLowerCase();
}
