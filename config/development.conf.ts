// Development: one worker, reloaded when a file changes, with everything on the terminal.
// Copy it to tsunicorn.conf.ts beside package.json and name your application. docs/settings.md explains each setting.
import { defineConfig } from 'tsunicorn';

export default defineConfig({
  app: './src/app.ts',
  env: { NODE_ENV: 'development' },
  bind: '127.0.0.1:8000',
  workers: 1,

  // Watches the directory of the application and this file. Write no logs into that directory: each line would be a change.
  reload: true,

  // No limit for a worker that stands at a breakpoint, and no waiting for idle browser connections.
  timeout: 0,
  gracefulTimeout: 2,
  drainIdleTimeout: 0,

  accessLog: '-',
  logLevel: 'debug',
});
