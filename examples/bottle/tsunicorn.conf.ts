import { defineConfig } from 'tsunicorn';

export default defineConfig({
  app: 'app:application',
  interface: 'wsgi',
  chdir: import.meta.dirname,
  bind: '127.0.0.1:8000',
  workers: 1,
  // Bottle waits for what it calls; each of these answers a request meanwhile.
  threads: 4,
});
