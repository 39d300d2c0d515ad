import type { Exchange } from '../../../http/exchange.ts';
import { type Refusal, refusal } from '../../../http/refusal.ts';
import { MOST_PAYLOAD_BYTES } from './frames.ts';

const tooManyFields = refusal(431, 'the fields are too long for an environ');
const badScriptName = refusal(400, 'SCRIPT_NAME does not lead to the target');
/** The part of an absolute target in front of its path. */
const BEFORE_PATH = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i;

/** What a request says, as a WSGI application is told. */
export interface RequestText {
  /** The part of the environ that many requests share, as JSON in ASCII. */
  readonly template: string;
  /** The part that is the request's own, as `frames.ts` describes it. */
  readonly head: string;
}

/** Templates that were made lately, by the fields they were made from: a connection gives the same list again and again. */
export interface Environs {
  /** @param contentLength of the body; `null`: it has none, or nobody knows */
  of(request: WsgiRequest, contentLength: number | null): RequestText | Refusal;
}

/** What of an exchange goes into an environ. */
export type WsgiRequest = Pick<Exchange, 'head' | 'origin' | 'peer'>;

/** The surroundings of all requests. */
export interface EnvironOptions {
  /** Where the application stands, of the environment variable; `''`: at the root. */
  readonly scriptName: string;
}

interface Template {
  readonly text: string;
  readonly scriptName: string;
}

/** Makes environs as PEP 3333 and Gunicorn have them. */
export function createEnvirons(options: EnvironOptions): Environs {
  const made = new WeakMap<readonly string[], Template>();

  function templateOf(request: WsgiRequest): Template {
    const { origin } = request;
    const known = made.get(origin.fields);
    if (known !== undefined) return known;
    const template = makeTemplate(request, options);
    made.set(origin.fields, template);
    return template;
  }

  return {
    of(request, contentLength) {
      const { line } = request.head;
      const { address, port } = request.peer;
      const template = templateOf(request);
      // limitRequestHead may allow as much, and escapes are longer than what they stand for.
      if (template.text.length > MOST_PAYLOAD_BYTES) return tooManyFields;
      const target = line.authority === null ? line.target : pathOf(line.target);
      if (template.scriptName !== '' && !leadsTo(template.scriptName, target)) return badScriptName;
      const raw = target === line.target ? '' : line.target;
      const length = contentLength === null ? '' : `${contentLength}`;
      return {
        template: template.text,
        head: `${line.method}\n${target}\n${raw}\nHTTP/1.${line.minorVersion}\n${address}\n${port}\n${length}`,
      };
    },
  };
}

function makeTemplate({ origin, peer, head }: WsgiRequest, options: EnvironOptions): Template {
  // No prototype: a field may be called anything.
  const environ: Record<string, string> = Object.create(null);
  let { scriptName } = options;
  for (let index = 0; index < origin.fields.length; index += 2) {
    const sent = (origin.fields[index] ?? '').toUpperCase();
    const name = sent.replaceAll('-', '_');
    const value = origin.fields[index + 1] ?? '';
    switch (name) {
      case 'CONTENT_LENGTH':
      case 'TRANSFER_ENCODING':
        // The worker took the framing off.
        break;
      case 'CONTENT_TYPE':
        environ.CONTENT_TYPE = value;
        break;
      default: {
        if (sent === 'SCRIPT_NAME') {
          // Only a trusted proxy's passes the rules of forwarderHeaders, whatever they are: a name with an underscore.
          scriptName = value.replace(/\/+$/, '');
          break;
        }
        const key = `HTTP_${name}`;
        const before = environ[key];
        environ[key] = before === undefined ? value : `${before}${name === 'COOKIE' ? '; ' : ','}${value}`;
      }
    }
  }
  const server = peer.server ?? serverOfHost(head.host, origin.secure);
  environ.SERVER_NAME = server.name;
  environ.SERVER_PORT = `${server.port}`;
  environ.SCRIPT_NAME = scriptName;
  const { proxied } = peer;
  if (proxied !== undefined) {
    environ.PROXY_PROTOCOL = proxied.protocol;
    environ.PROXY_ADDR = proxied.address;
    // A string as in Gunicorn: of what CGI names, PEP 3333 allows nothing else.
    environ.PROXY_PORT = `${proxied.port}`;
  }
  environ['wsgi.url_scheme'] = origin.secure ? 'https' : 'http';
  return { text: asciiJson(environ), scriptName };
}

/** Who connected by a unix socket meant the host that it names. */
function serverOfHost(host: string, secure: boolean): { name: string; port: number } {
  const [, name = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(host) ?? [];
  return { name: name === '' ? 'localhost' : name, port: port === undefined ? (secure ? 443 : 80) : Number(port) };
}

function leadsTo(scriptName: string, target: string): boolean {
  if (!target.startsWith(scriptName)) return false;
  const next = target.charAt(scriptName.length);
  return next === '' || next === '/' || next === '?';
}

function pathOf(target: string): string {
  const rest = target.replace(BEFORE_PATH, '');
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** Frames hold latin1; so that the host need not know which characters that are, all others are escaped. */
function asciiJson(value: Readonly<Record<string, string>>): string {
  return JSON.stringify(value).replace(
    /[\x7f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
