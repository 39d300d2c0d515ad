// Stands in for dist/bin.js in the tests of the harness. Its faults come from PLANTED, a comma-separated list.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';

const faults = new Set(process.env.PLANTED?.split(','));
const log = (event, fields = {}) => {
  const line = { level: 'info', event, pid: process.pid, msg: event, ...fields };
  process.stderr.write(`${JSON.stringify(line)}\n`);
};
const child = (code, detached = false) => spawn(process.execPath, ['-e', code], { stdio: 'ignore', detached });

if (faults.has('ends at once')) {
  process.stdout.write(`${JSON.stringify(process.argv.slice(2))}\n`);
  process.exitCode = 2;
} else {
  process.stderr.write('no log line\n');
  const server = createServer((socket) => socket.end());
  const unix = createServer((socket) => socket.end());
  const worker = child('setInterval(() => {}, 1000)');
  process.on('SIGHUP', () => log('reload.finished', { generation: 2 }));
  process.on('SIGTERM', () => stop({ server, unix, worker }));
  unix.listen('web.sock');
  server.listen(0, '127.0.0.1', () => {
    const addresses = [`http://127.0.0.1:${server.address().port}`, `unix:${process.cwd()}/web.sock`];
    log('server.listening', { addresses });
    log('worker.spawned', { workerId: 1, workerPid: worker.pid, generation: 1 });
    if (faults.has('never ready')) return;
    log('server.ready', { workers: 1 });
  });
}

function stop({ server, unix, worker }) {
  if (faults.has('never stops')) return;
  if (faults.has('logs an error')) log('worker.crashed', { level: 'error' });
  if (faults.has('leaves a pid file')) writeFileSync('server.pid', String(process.pid));
  if (faults.has('leaves a daemon')) child('setTimeout(() => {}, 20_000)', true).unref();
  if (faults.has('exits 1')) process.exitCode = 1;
  worker.once('exit', (code, signal) => {
    log('worker.exited', { workerId: 1, workerPid: worker.pid, code, signal });
    log('server.stopped');
    process.exit();
  });
  server.close();
  if (!faults.has('leaves a socket')) unix.close();
  worker.kill();
}
