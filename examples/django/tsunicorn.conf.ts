import { defineConfig } from 'tsunicorn';

export default defineConfig({
  app: 'shop.wsgi:application',
  interface: 'wsgi',
  chdir: import.meta.dirname,
  bind: '127.0.0.1:8000',
  // One worker speaks HTTP for all clients; two Python processes answer. Forked from one that has loaded Django, they share its memory.
  workers: 1,
  processes: 2,
  preloadApp: true,
});
