/** What `ps` shows of the master. */
export function masterTitle(procName: string): string {
  return `${procName}: master`;
}

/** What `ps` shows of a worker. */
export function workerTitle(procName: string, workerId: number): string {
  return `${procName}: worker ${workerId}`;
}
