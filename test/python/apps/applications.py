"""WSGI applications for the tests of the host. A path chooses what happens; `checked` is under wsgiref's validator."""

import json
import os
import signal
import sys
import threading
import time
from urllib.parse import parse_qs
from wsgiref.validate import validator

PLAIN = [("Content-Type", "text/plain")]
IMPORTED_BY = os.getpid()
closed = {}
barrier = threading.Barrier(2)
stopped = threading.Event()


class Closing:
    """An iterable that counts how often it is closed, and says so."""

    def __init__(self, name, pieces):
        self.name = name
        self.pieces = iter(pieces)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.pieces)

    def close(self):
        closed[self.name] = closed.get(self.name, 0) + 1
        print(f"closed {self.name}")


def start(start_response, status="200 OK", headers=None):
    return start_response(status, PLAIN if headers is None else headers)


def endless():
    while True:
        yield b"x" * 1000


def failing():
    yield b"first"
    raise RuntimeError("in the middle")


def hello(environ, start_response):
    start(start_response)
    return [b"hello world"]


def show_environ(environ, start_response):
    start(start_response)
    return [
        json.dumps({key: value if isinstance(value, str) else repr(value) for key, value in environ.items()}).encode()
    ]


def echo(environ, start_response):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 1 << 30))
    start(start_response)
    return [body]


def lines(environ, start_response):
    first = environ["wsgi.input"].readline()
    rest = list(environ["wsgi.input"])
    start(start_response)
    return [repr((first, rest)).encode()]


def upload(environ, start_response):
    """Reads in small blocks, and tells how much it was."""
    size = 0
    while True:
        block = environ["wsgi.input"].read(10_000)
        if not block:
            break
        size += len(block)
    start(start_response)
    return [str(size).encode()]


def no_body_read(environ, start_response):
    start(start_response)
    return [b"not read"]


def pieces(environ, start_response):
    start(start_response)
    return Closing("pieces", [b"", b"one", b"", b"two", b""])


def sized_pieces(environ, start_response):
    start(start_response, headers=[*PLAIN, ("Content-Length", "3")])
    return Closing("sized", (piece for piece in [b"one"]))


def too_much(environ, start_response):
    start(start_response, headers=[*PLAIN, ("Content-Length", "3")])
    return Closing("too-much", endless())


def listed(environ, start_response):
    start(start_response)
    return [b"one", b"two"]


class Listed:
    def __iter__(self):
        return iter([b"one", b"two"])


def list_iterator(environ, start_response):
    start(start_response)
    return Listed()


def gated(environ, start_response):
    """Yields one piece, and the next when the client has answered the body of its request."""
    start(start_response)

    def answer():
        yield b"ready"
        yield environ["wsgi.input"].readline()

    return answer()


def late_start(environ, start_response):
    def answer():
        yield b""
        start(start_response)
        yield b"late"

    return answer()


def write(environ, start_response):
    put = start(start_response)
    put(b"one")
    put(b"two")
    return [b"three"]


def write_whole(environ, start_response):
    start(start_response, headers=[*PLAIN, ("Content-Length", "5")])(b"whole")
    return [b""]


def empty(environ, start_response):
    start(start_response)
    return []


def no_content(environ, start_response):
    start_response("204 No Content", [])
    return []


def big(environ, start_response):
    size = int(environ["QUERY_STRING"])
    start(start_response)
    return [b"y" * size]


def download(environ, start_response):
    pieces = int(environ["QUERY_STRING"])
    start(start_response)
    return (b"z" * 65536 for _ in range(pieces))


def forever(environ, start_response):
    start(start_response)
    return Closing("forever", endless())


def file(environ, start_response):
    start(start_response)
    return environ["wsgi.file_wrapper"](open(environ["QUERY_STRING"], "rb"), 1000)


def hints(environ, start_response):
    environ["wsgi.early_hints"]([("Link", "</a.css>; rel=preload"), ("Link", "</b.css>; rel=preload")])
    return hello(environ, start_response)


def raise_before(environ, start_response):
    raise RuntimeError("before the head: \u20ac")


def raise_after_start(environ, start_response):
    start(start_response)
    raise RuntimeError("after start_response")


def raise_in_middle(environ, start_response):
    start(start_response)
    return Closing("middle", failing())


def raise_in_close(environ, start_response):
    class Bad(Closing):
        def close(self):
            super().close()
            raise RuntimeError("in close")

    start(start_response)
    return Bad("bad-close", [b"whole"])


def str_piece(environ, start_response):
    start(start_response)
    return Closing("str", ["text"])


def none(environ, start_response):
    start(start_response)


def bare_bytes(environ, start_response):
    start(start_response)
    return b"bytes"


def no_start(environ, start_response):
    return Closing("no-start", [b"x"])


def twice(environ, start_response):
    start(start_response)
    start(start_response)
    return []


def exc_info(environ, start_response):
    start(start_response)
    try:
        raise ValueError("replaced")
    except ValueError:
        start_response("500 Replaced", PLAIN, sys.exc_info())
    return [b"replaced"]


def exc_info_late(environ, start_response):
    put = start(start_response)
    put(b"sent")
    try:
        raise ValueError("too late")
    except ValueError:
        start_response("500 Late", PLAIN, sys.exc_info())
    return []


def head_as_asked(environ, start_response):
    """Calls start_response with what the query says."""
    status, headers = json.loads(parse_qs(environ["QUERY_STRING"])["head"][0])
    start_response(status, [tuple(header) if len(header) != 3 else header for header in headers])
    return [b""]


def leave(environ, start_response):
    sys.exit(int(environ["QUERY_STRING"]))


def interrupt(environ, start_response):
    raise KeyboardInterrupt


def fork_and_return(environ, start_response):
    pid = os.fork()
    start(start_response)
    return [b"child" if pid == 0 else str(pid).encode()]


def fork_and_raise(environ, start_response):
    pid = os.fork()
    if pid == 0:
        raise RuntimeError("in the forked process")
    os.waitpid(pid, 0)
    return hello(environ, start_response)


def fork_and_stream(environ, start_response):
    start(start_response)

    def answer():
        yield b"one"
        pid = os.fork()
        if pid:
            os.waitpid(pid, 0)
            yield b"two"
        else:
            while True:
                yield b"from the forked process"

    return answer()


def fork_and_stay(environ, start_response):
    """Leaves a process behind that holds the pipe of the output open."""
    pid = os.fork()
    if pid == 0:
        stopped.wait()
    start(start_response)
    return [str(pid).encode()]


def terminate_forked(environ, start_response):
    import multiprocessing

    codes = set()
    for _ in range(10):  # a signal must not be lost however early it comes
        process = multiprocessing.get_context("fork").Process(target=stopped.wait)
        process.start()
        process.terminate()
        process.join()
        codes.add(process.exitcode)
    start(start_response)
    return [repr(codes).encode()]


def close_descriptors(environ, start_response):
    os.closerange(0, 50)
    start(start_response)
    return [b"lost"]


def print_and_exit(environ, start_response):
    print("last words, with \u20ac")
    print("and an error", file=sys.stderr)
    os._exit(5)


def crash(environ, start_response):
    print("about to crash")
    os.kill(os.getpid(), signal.SIGSEGV)


def hang(environ, start_response):
    print("hanging")
    stopped.wait()


def hang_without_end(environ, start_response):
    print("looping")
    while True:
        pass


def slow(environ, start_response):
    """Waits for the client's line, so that a test decides how long it runs."""
    print("begun")
    line = environ["wsgi.input"].readline()
    start(start_response)
    return [b"slow " + line]


def meet(environ, start_response):
    barrier.wait(10)
    start(start_response)
    return [b"met"]


def print_much(environ, start_response):
    sys.stderr.write("e" * 1023 + "\n")
    for _ in range(1023):
        sys.stderr.write("e" * 1023 + "\n")
    start(start_response)
    return [b"printed"]


def body_error(environ, start_response):
    print("reading")
    try:
        environ["wsgi.input"].read(10)
    except OSError as error:
        print(f"reading failed: {error}")
        raise


def counts(environ, start_response):
    start(start_response)
    return [json.dumps(closed).encode()]


def sleep_in_close(environ, start_response):
    class Sleeping(Closing):
        def close(self):
            print("closing")
            stopped.wait()

    start(start_response, headers=[*PLAIN, ("Content-Length", "5")])
    return Sleeping("sleeping", [b"whole"])


def own_handler(environ, start_response):
    start(start_response)
    names = "SIGINT SIGHUP SIGUSR1 SIGUSR2 SIGWINCH SIGCHLD".split()
    for name in names[:-1]:
        os.kill(os.getpid(), getattr(signal, name))
        time.sleep(0)
    return [repr([signal.getsignal(getattr(signal, name)) == signal.SIG_DFL for name in names]).encode()]


def surroundings(environ, start_response):
    """What the process has around it."""
    with open("/dev/stderr", "w") as file:
        file.write("through /dev/stderr\n")
    descriptors = {}
    for name in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else ():
        try:
            descriptors[int(name)] = os.readlink(f"/proc/self/fd/{name}").split(":")[0]
        except OSError:
            pass  # the listing's own
    start(start_response)
    facts = {"path": sys.path, "argv": sys.argv, "fds": descriptors, "group": os.getpgid(0), "parent": os.getppid()}
    return [json.dumps({**facts, "imported": IMPORTED_BY}).encode()]


def write_for_ever(environ, start_response):
    """Forks what prints for ever."""
    pid = os.fork()
    while pid == 0:
        os.write(1, b"f" * 4096)
    start(start_response)
    return [str(pid).encode()]


def flood(environ, start_response):
    while True:
        os.write(2, b"g" * 65536)


def application(environ, start_response):
    """Chooses by the path: /no-content is no_content()."""
    view = globals()[environ["PATH_INFO"].strip("/").split("/")[0].replace("-", "_")]
    return view(environ, start_response)


checked = validator(application)
