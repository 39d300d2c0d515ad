import type { ForwardingSettings } from './forwarded.ts';
import { compileTrust } from './trusted-peers.ts';

/** The settings of the section Proxies that only this folder can judge. */
type Judged = Pick<ForwardingSettings, 'forwardedAllowIps' | 'secureSchemeHeaders' | 'forwarderHeaders'> & {
  readonly proxyAllowIps: readonly string[];
};

/** `token` of RFC 9110, section 5.6.2: what the name of a header field is. */
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** What is wrong with the settings about proxies, as sentences for people. */
export function forwardingFaults(settings: Judged): string[] {
  const schemeNames = Object.keys(settings.secureSchemeHeaders);
  const peers = (['forwardedAllowIps', 'proxyAllowIps'] as const).flatMap((name) =>
    compileTrust(settings[name]).faults.map((fault) => `In "${name}", ${fault}`),
  );
  return [
    ...peers,
    ...nameFaults('secureSchemeHeaders', schemeNames),
    ...schemeNames
      .filter((name) => name.includes('_'))
      .map(
        (name) =>
          `In "secureSchemeHeaders", "${name}" would never be read: fields with "_" in their name do not get past "headerMap". Let the proxy send ${name.replaceAll('_', '-')}, and write that.`,
      ),
    ...nameFaults('forwarderHeaders', settings.forwarderHeaders),
  ];
}

function nameFaults(setting: string, names: readonly string[]): string[] {
  return names
    .filter((name) => !FIELD_NAME.test(name))
    .map(
      (name) =>
        `In "${setting}", ${JSON.stringify(name)} is no name of a header field: write letters, digits and "-", such as X-Forwarded-Proto.`,
    );
}
