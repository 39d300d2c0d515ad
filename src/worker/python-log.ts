import { evidenceOf } from '../app/interfaces/wsgi/evidence.ts';
import type { PythonReport } from '../app/interfaces/wsgi/report.ts';
import { unreachable } from '../errors.ts';
import type { Logger } from '../logging/logger.ts';

/** Writes what happens to Python processes into the log of their worker. */
export function logPython(log: Logger): (report: PythonReport) => void {
  return (report) => {
    switch (report.type) {
      case 'ready':
        return log.event('python.ready', { pythonPid: report.pid });
      case 'output':
        return log.event('python.output', { pythonPid: report.pid, line: report.line });
      case 'left':
        return log.event('python.left', { pythonPid: report.pid });
      case 'signalled':
        return log.event('python.signalled', { pythonPid: report.pid, signal: report.signal });
      case 'crashed': {
        const { pid, lostRequests } = report;
        return log.event('python.crashed', { pythonPid: pid, ...endOf(report.exit), lostRequests });
      }
      case 'timeout': {
        const { pid, stuck } = report;
        return log.event('python.timeout', { pythonPid: pid, ...stuck, ...endOf(report.exit) });
      }
      case 'recycling': {
        const { pid, why, memoryMiB } = report;
        return log.event('python.recycling', { pythonPid: pid, why, memoryMiB });
      }
      case 'broken':
        return log.event('python.broken', {
          pythonPid: report.pid,
          what: report.what,
          lostRequests: report.lostRequests,
        });
      case 'notReady':
        return log.event('python.notReady', { error: report.error });
      case 'zygoteDied':
        return log.event('python.zygoteDied', endOf(report.exit));
      default:
        return unreachable(report);
    }
  };
}

function endOf({ code, signal, lastWords }: Extract<PythonReport, { type: 'crashed' }>['exit']) {
  return { code, signal, lastWords: evidenceOf(lastWords) };
}
