import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/** The text of a file; `null` where it cannot be read. */
export type ReadText = (path: string) => string | null;

/** Where systems mount the unified hierarchy: alone, or beside those of version 1 (systemd's hybrid mode). */
const V2_MOUNTS = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'];
const V1_MOUNTS = '/sys/fs/cgroup';

/**
 * How many whole CPUs this process may keep busy, at least 1: those that it may run on (`sched_getaffinity(2)`), or fewer where the quota
 * of its cgroup, or of one above it, allows less of their time. A quota of two and a half CPUs is two: a third worker would be throttled.
 *
 * It is read anew each time. What cannot be read or understood limits nothing.
 */
export function usableCpus({
  read = readText,
  runnableOn = availableParallelism(),
}: {
  read?: ReadText;
  runnableOn?: number;
} = {}): number {
  return Math.max(1, Math.floor(Math.min(runnableOn, ...cgroupQuotas(read))));
}

/** The quotas that the process is under, in CPUs. */
function cgroupQuotas(read: ReadText): number[] {
  const lines = (read('/proc/self/cgroup') ?? '').split('\n');
  return lines.flatMap((line) => {
    // `0::/path` of version 2, `4:cpu,cpuacct:/path` of version 1: cgroups(7), "/proc/pid/cgroup".
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) return [];
    if (controllers === '')
      return V2_MOUNTS.flatMap((mount) => quotasAlong(path, mount, (dir) => quotaOfV2(read, dir)));
    if (!controllers.split(',').includes('cpu')) return [];
    const mounts = [...new Set(['cpu', controllers])].map((name) => join(V1_MOUNTS, name));
    return mounts.flatMap((mount) => quotasAlong(path, mount, (dir) => quotaOfV1(read, dir)));
  });
}

/**
 * What the cgroup says, and each one above it up to the mount. In a container the path is often that of the host, and only the mount itself
 * is there: it is the container's own cgroup.
 */
function quotasAlong(path: string, mount: string, quotaOf: (dir: string) => number | null): number[] {
  // A cgroup outside of the namespace is told as `/../name`, and is not to be seen.
  const parts = path.split('/').filter((part) => part !== '' && part !== '..');
  const dirs = [mount, ...parts.map((_, index) => join(mount, ...parts.slice(0, index + 1)))];
  return dirs.flatMap((dir) => quotaOf(dir) ?? []);
}

/** `cpu.max` holds `QUOTA PERIOD` in microseconds, or `max PERIOD` (Linux, admin-guide/cgroup-v2, "CPU Interface Files"). */
function quotaOfV2(read: ReadText, dir: string): number | null {
  const [quota, period] = (read(join(dir, 'cpu.max')) ?? '').trim().split(/\s+/);
  return ratioOf(quota, period);
}

/** Two files, in microseconds; a quota of -1 is none (Linux, scheduler/sched-bwc, "Management"). */
function quotaOfV1(read: ReadText, dir: string): number | null {
  return ratioOf(read(join(dir, 'cpu.cfs_quota_us'))?.trim(), read(join(dir, 'cpu.cfs_period_us'))?.trim());
}

function ratioOf(quota: string | undefined, period: string | undefined): number | null {
  const [quotaUs, periodUs] = [quota, period].map((text) => (/^\d+$/.test(text ?? '') ? Number(text) : 0));
  return quotaUs && periodUs ? quotaUs / periodUs : null;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // No cgroups (macOS), or none that this process may see.
    return null;
  }
}
