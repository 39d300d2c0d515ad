/** An address that no machine has (RFC 5737): to listen on it fails, and harms nothing. */
const NOWHERE = '192.0.2.1:9229';
/** By then what a signal asked for has happened. */
const LOOK_AGAIN_MS = 500;

/**
 * What a Node process of ours is started with, so that SIGUSR1 opens no inspector in it, not even before its own handler stands. Where
 * Node cannot leave the inspector out, the inspector finds no address. `NODE_OPTIONS` may ask for one all the same.
 */
export function flagsAgainstInspector(nodeOptions = ''): string[] {
  if (process.allowedNodeEnvironmentFlags.has('--disable-sigusr1')) return ['--disable-sigusr1'];
  return nodeOptions.includes('--inspect') ? [] : [`--inspect-port=${NOWHERE}`];
}

/**
 * SIGUSR1 means 'reopen the logs' to operators, and Node opens an inspector when nobody listens to it. To be called before anything else
 * is loaded; what was opened even before that is closed.
 */
export function refuseInspector(): void {
  process.on('SIGUSR1', () => {});
  // A Node that was built without an inspector lacks the module, too.
  if (!process.features.inspector) return;
  const inspector = process.getBuiltinModule('node:inspector');
  const isAsked = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some((text) => text.includes('--inspect'));
  if (isAsked) return;
  const closeIfOpen = () => {
    if (inspector.url() !== undefined) inspector.close();
  };
  closeIfOpen();
  setImmediate(closeIfOpen);
  setTimeout(closeIfOpen, LOOK_AGAIN_MS).unref();
}
