/** What most likely ended a process by a signal that nobody of us sent; `null`: there is nothing to add. */
export function likelyCause(signal: string | null): string | null {
  switch (signal) {
    case 'SIGKILL':
      return "out of memory? The kernel's OOM killer ends processes so (dmesg, or memory.events of the cgroup, tell), and so does somebody's kill -9";
    case 'SIGABRT':
      return 'out of memory? Node.js aborts when its heap is full, and says so on standard error; --max-old-space-size in NODE_OPTIONS allows more';
    case 'SIGSEGV':
    case 'SIGBUS':
    case 'SIGILL':
    case 'SIGFPE':
      return 'a fault in native code: of an add-on, or of Node.js itself';
    default:
      return null;
  }
}
