import type { TlsOptions } from 'node:tls';
import type { Service } from '../app/contract.ts';
import { callHook } from '../config/call-hook.ts';
import { limitsOf } from '../config/limits.ts';
import { tlsOptionsOf } from '../config/tls-options.ts';
import { messageOf, TsunicornError } from '../errors.ts';
import type { Front } from '../http/front.ts';
import { createTlsFront } from '../http/tls.ts';
import type { TlsMaterial } from '../ipc/messages.ts';
import type { Logger } from '../logging/logger.ts';
import { logSparingly } from '../logging/sparing-log.ts';
import type { Config, Hooks } from '../settings.ts';
import { behindFront } from './front.ts';

/**
 * Puts TLS in front of a service: what it accepts are then connections before their handshake.
 *
 * @throws TsunicornError `HOOK_FAILED` when `tlsContext` throws, or returns what `node:tls` does not understand.
 */
export async function behindTls(
  service: Service,
  material: TlsMaterial,
  context: { config: Config; hooks: Hooks; log: Pick<Logger, 'event'> },
): Promise<Service> {
  const { config, hooks, log } = context;
  const options = await decideOptions(config, material, hooks);
  const limits = limitsOf(config);
  const failed = logSparingly<{ reason: string; clientAddress: string }>(log, 'tls.handshakeFailed');
  const front = createFront({
    handshakeTimeoutMs: limits.headerTimeoutMs,
    refuseBadCertificate: config.clientCert === 'optional',
    onSecure: (socket, peer) => service.accept(socket, peer),
    onFailed: (reason, { address }) => failed({ reason, clientAddress: address }),
  });
  return behindFront(service, front, limits.drainIdleTimeoutMs);

  function createFront(front: Parameters<typeof createTlsFront>[1]): Front {
    try {
      return createTlsFront(options, front);
    } catch (cause) {
      // The master tried out what the settings mean: only a hook can have spoilt it.
      if (hooks.tlsContext === undefined) throw cause;
      throw hookFailed(
        `returned options that node:tls refuses, so the worker does not start: ${messageOf(cause)}`,
        cause,
      );
    }
  }
}

/** What the settings mean, or what the hook makes of it. */
async function decideOptions(config: Config, material: TlsMaterial, { tlsContext }: Hooks): Promise<TlsOptions> {
  // Shared by all workers whatever a hook returns, unless it names its own: that is no matter of taste, and easily forgotten.
  const shared = { ticketKeys: Buffer.from(material.ticketKeys, 'base64'), sessionIdContext: 'tsunicorn' };
  const defaultFactory = () => ({ ...shared, ...tlsOptionsOf(config, material) });
  if (tlsContext === undefined) return defaultFactory();
  let returned: unknown;
  try {
    returned = await callHook(tlsContext, config, defaultFactory);
  } catch (cause) {
    throw hookFailed(`threw, so the worker does not start: ${messageOf(cause)}`, cause);
  }
  if (isOptions(returned)) return { ...shared, ...returned };
  throw hookFailed('returned no options of a TLS server. Let it return defaultFactory() with what it changes.');
}

function isOptions(value: unknown): value is TlsOptions {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hookFailed(what: string, cause?: unknown): TsunicornError {
  return new TsunicornError('HOOK_FAILED', `The hook "tlsContext" ${what}`, { cause });
}
