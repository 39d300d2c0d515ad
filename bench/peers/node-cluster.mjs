// node:cluster with as many workers as WORKERS says; each prints the port that all of them share.
import cluster from 'node:cluster';

if (cluster.isPrimary) {
  for (let index = 0; index < Number(process.env.WORKERS); index += 1) cluster.fork();
} else {
  await import('./node-http.mjs');
}
