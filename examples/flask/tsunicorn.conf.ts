import { defineConfig } from 'tsunicorn';

export default defineConfig({
  // A call in place of a name: what it returns is the application.
  app: 'notes:create_app()',
  interface: 'wsgi',
  chdir: import.meta.dirname,
  bind: '127.0.0.1:8000',
  workers: 1,
  processes: 2,
  // The processes are forked from one that has called create_app().
  preloadApp: true,
});
