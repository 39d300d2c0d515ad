"""Becomes one of the servers: `launch.py NAME PROCESSES THREADS`, on a free port of its own, which it prints first."""

import os
import signal
import socket
import sys
from pathlib import Path

name, processes, threads = sys.argv[1:]
APP = "bench_app:application"
BIN = Path(sys.executable).parent
HERE = Path(__file__).parent
# For the servers; this interpreter has its own folder already.
PATHS = [str(HERE), str(HERE.parents[2] / "examples/django")]
os.environ["PYTHONPATH"] = os.pathsep.join(PATHS)
sys.path += PATHS


def free_port() -> int:
    """Most of these servers cannot be told to take any port and to say which."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def waitress(port: int) -> None:
    """It has one process only: as many as are wanted share a socket here."""
    import waitress as server
    from bench_app import application

    shared = socket.create_server(("127.0.0.1", port), backlog=1024)
    children: list[int] = []

    def stop(*_: object) -> None:
        for child in children:
            os.kill(child, signal.SIGTERM)
            os.waitpid(child, 0)
        sys.exit()

    for _ in range(int(processes)):
        child = os.fork()
        if child == 0:
            os.write(1, b"serving\n")
            server.serve(application, sockets=[shared], threads=int(threads), connection_limit=1000, _quiet=True)
            os._exit(0)
        children.append(child)
    signal.signal(signal.SIGTERM, stop)
    os.waitpid(-1, 0)


def gunicorn(port: int, *options: str) -> list[str]:
    common = ["--bind", f"127.0.0.1:{port}", "--workers", processes, "--config", "python:gunicorn_conf"]
    return ["gunicorn", *common, "--no-control-socket", *options, APP]


def command(port: int) -> list[str]:
    python, fast = ("--http-parser", "python"), ("--http-parser", "fast")
    gthread = ("--worker-class", "gthread", "--threads", threads, "--keep-alive", "240")
    match name:
        case "gunicorn-sync":
            return gunicorn(port, "--worker-class", "sync", *python)
        case "gunicorn-gthread":
            return gunicorn(port, *gthread, *python)
        case "gunicorn-h1c":
            return gunicorn(port, *gthread, *fast)
        case "uwsgi":
            options = ["--master", "--die-on-term", "--disable-logging", "--need-app", "--listen", "128"]
            # It closes each connection after one answer without a word, which clients take for a failure.
            options += ["--add-header", "Connection: close"]
            size = ["--processes", processes, "--threads", threads]
            return ["uwsgi", "--http-socket", f"127.0.0.1:{port}", "--module", APP, *size, *options]
        case "granian":
            options = ["--interface", "wsgi", "--no-ws", "--workers", processes, "--blocking-threads", threads]
            return ["granian", *options, "--host", "127.0.0.1", "--port", str(port), APP]
        case _:
            raise SystemExit(f"There is no server {name}.")


port = free_port()
print(f"127.0.0.1:{port}", flush=True)
if name == "waitress":
    waitress(port)
else:
    program, *arguments = command(port)
    os.execv(BIN / program, [program, *arguments])
