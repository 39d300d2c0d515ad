import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { type TlsFiles, tlsOptionsOf } from '../config/tls-options.ts';
import { errnoOf, messageOf } from '../errors.ts';
import type { Config } from '../settings.ts';

/** More than the authorities of the whole world need (some 250 KiB). */
const LARGEST_FILE_BYTES = 4 * 1024 * 1024;
const CERTIFICATES = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

type FileSetting = 'keyFile' | 'certFile' | 'caFile';

/** A part that was read, or the fault that keeps it from being used. */
type Read<T> = { readonly value: T } | { readonly fault: string };

/**
 * Reads the files of the TLS settings and checks that they can be served: the key fits the certificate, which is valid today, and the
 * ciphers mean something. `files` is `null` without TLS, and where there are faults.
 */
export function readTlsFiles(config: Config, now = new Date()): { files: TlsFiles | null; faults: readonly string[] } {
  const { keyFile, certFile, caFile } = config;
  if (keyFile === null || certFile === null) return { files: null, faults: [] };
  const key = read('keyFile', keyFile, parseKey);
  const cert = read('certFile', certFile, (text) => parseServerCertificate(text, now));
  const ca = caFile === null ? { value: { text: null } } : read('caFile', caFile, parseCertificates);
  const faults = [key, cert, ca].flatMap((part) => ('fault' in part ? [part.fault] : []));
  if ('fault' in key || 'fault' in cert || 'fault' in ca) return { files: null, faults };
  if (!cert.value.first.checkPrivateKey(key.value.key)) {
    const fault = `The private key in "keyFile" (${keyFile}) does not fit the first certificate in "certFile" (${certFile}). Give the two that were made together; the server's own certificate stands first in its file.`;
    return { files: null, faults: [fault] };
  }
  const files: TlsFiles = { key: key.value.text, cert: cert.value.text, ca: ca.value.text };
  const contextFault = tryContext(config, files);
  return contextFault === null ? { files, faults: [] } : { files: null, faults: [contextFault] };
}

function read<T>(name: FileSetting, path: string, parse: (text: string) => Read<T>): Read<T> {
  const where = `"${name}" (${path})`;
  try {
    const { size } = regularFile(path);
    if (size > LARGEST_FILE_BYTES)
      return { fault: `${where} has ${size} bytes, and so is no PEM file. Correct the setting.` };
    const result = parse(readFileSync(path, 'latin1'));
    return 'fault' in result ? { fault: `${where} ${result.fault}` } : result;
  } catch (error) {
    return { fault: `${where} cannot be read: ${adviceOf(error)}` };
  }
}

/** Anything else might never end, or give its bytes only once. */
function regularFile(path: string): { size: number } {
  const stats = statSync(path);
  if (!stats.isFile()) throw new Error('it is no regular file');
  return stats;
}

function adviceOf(error: unknown): string {
  const advice: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file. Correct the path; a relative one is seen from where the server was started.',
    EACCES: 'permission denied. Let the user that runs the server read it.',
  };
  return advice[errnoOf(error) ?? ''] ?? `${messageOf(error)}. Correct the setting.`;
}

function parseKey(text: string): Read<{ text: string; key: KeyObject }> {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    const swapped = text.includes('-----BEGIN CERTIFICATE-----');
    const what = swapped
      ? 'holds a certificate and no private key: are "keyFile" and "certFile" swapped?'
      : 'holds no private key in PEM.';
    return { fault: `${what} Such a key begins with "-----BEGIN PRIVATE KEY-----".` };
  }
  // PKCS #8 says so in its first line, the older form of OpenSSL in its second.
  if (/-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    return {
      fault:
        'is encrypted, and nobody is there to type its passphrase. Decrypt it ("openssl pkey -in KEY -out NEW") and guard the file by its mode.',
    };
  }
  try {
    return { value: { text, key: createPrivateKey(text) } };
  } catch (error) {
    return { fault: `holds a private key that OpenSSL cannot read: ${reasonOf(error)}.` };
  }
}

function parseCertificates(text: string): Read<{ text: string; first: X509Certificate }> {
  const blocks = text.match(CERTIFICATES) ?? [];
  try {
    const [first] = blocks.map((block) => new X509Certificate(block));
    if (first !== undefined) return { value: { text, first } };
  } catch (error) {
    return { fault: `holds a certificate that OpenSSL cannot read: ${reasonOf(error)}.` };
  }
  return { fault: 'holds no certificate in PEM. One begins with "-----BEGIN CERTIFICATE-----".' };
}

/** Those after the first may have expired: some authorities send such a one along, for the sake of old clients. */
function parseServerCertificate(text: string, now: Date): Read<{ text: string; first: X509Certificate }> {
  const parsed = parseCertificates(text);
  if ('fault' in parsed) return parsed;
  const { validFrom, validTo, subject } = parsed.value.first;
  const named = `holds a certificate (${subject.replaceAll('\n', ', ')})`;
  if (new Date(validTo) < now) return { fault: `${named} that expired on ${day(validTo)}. Renew it.` };
  if (new Date(validFrom) > now) {
    return {
      fault: `${named} that is not valid before ${day(validFrom)}. Wait, or see whether the clock of this machine is right.`,
    };
  }
  return parsed;
}

/** OpenSSL's dates (`Jan  1 00:00:00 2020 GMT`), as people sort them. */
function day(date: string): string {
  return new Date(date)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC');
}

/** What only the whole can show: ciphers, and keys that are too weak for OpenSSL. */
function tryContext(config: Config, files: TlsFiles): string | null {
  const advice = (error: unknown) =>
    `"ciphers" is ${JSON.stringify(config.ciphers)}, which OpenSSL does not understand: ${reasonOf(error)}. "openssl ciphers -v" lists what there is.`;
  try {
    createSecureContext(tlsOptionsOf({ ...config, ciphers: null }, files));
  } catch (error) {
    return `"certFile" (${config.certFile}) is refused by OpenSSL: ${reasonOf(error)}. Correct it, or make another.`;
  }
  try {
    createSecureContext(tlsOptionsOf(config, files));
    return null;
  } catch (error) {
    return advice(error);
  }
}

/** Of `error:0A0000B9:SSL routines::no cipher match` the last part; never more than one line. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && 'reason' in error && typeof error.reason === 'string') return error.reason;
  return (
    messageOf(error)
      .split('\n')[0]
      ?.replace(/^error:[0-9A-F]+:[^:]*:[^:]*:/, '') ?? 'it does not say why'
  );
}
