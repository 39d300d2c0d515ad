const WORKERS_PER_CPU = 8;

/** How far TTIN goes: a storm of it must not start more processes than the machine can hold, unless the file asks for as many. */
export function mostWorkers(configured: number, cpus: number): number {
  return Math.max(configured, WORKERS_PER_CPU * cpus);
}
