// Production, behind nginx on the same machine. Goes with tsunicorn.service, nginx.conf and logrotate in this directory.
// Copy it, for example to /etc/shop/tsunicorn.conf.ts, and replace "shop". docs/settings.md explains each setting.
import { availableParallelism } from 'node:os';
import { defineConfig } from 'tsunicorn';

export default defineConfig({
  // A release is switched by moving the link "current" and sending HUP.
  chdir: '/srv/shop/current',
  app: './dist/app.js',
  env: { NODE_ENV: 'production' },

  // The directory is made by systemd (RuntimeDirectory=). nginx must be in the group of the server to connect.
  bind: 'unix:/run/shop/shop.sock',
  socketMode: 0o660,
  // Whoever may connect to the socket is believed about where a request comes from: that is nginx.
  forwardedAllowIps: 'unix',
  // The one field by which nginx.conf tells it. Any other would be a client's.
  secureSchemeHeaders: { 'X-Forwarded-Proto': 'https' },
  pidFile: '/run/shop/shop.pid',
  procName: 'shop',

  // WEB_CONCURRENCY and --workers win over this: set one of them where a container grants less than the machine has.
  workers: availableParallelism(),

  // The event loop of a worker may be blocked for this long, a worker may take this long to get ready.
  timeout: 30,
  bootTimeout: 60,

  // Longer than the slowest request that must survive a reload, and shorter than TimeoutStopSec= of the systemd unit.
  gracefulTimeout: 30,
  drainIdleTimeout: 2,
  // Longer than keepalive_timeout in the upstream block of nginx, so that nginx is the one that closes idle connections.
  keepAlive: 75,

  // The server's own log stays on standard error, for the journal. Absolute paths: a worker reads relative ones from its "chdir".
  accessLog: '/var/log/shop/access.log',
  logFormat: 'json',
});
