"""Starts the real host as the worker would, and speaks the worker's side of control and channel."""

from __future__ import annotations

import importlib.util
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
HOST = os.path.normpath(os.path.join(HERE, "..", "..", "src", "app", "interfaces", "wsgi", "host.py"))
APPS = os.path.join(HERE, "apps")
HEADER = struct.Struct("<IBBHII")
TEMPLATE, REQUEST, BODY, GONE, CREDIT = 1, 2, 3, 4, 5
HELLO, READY, ANSWER, PIECE, WANT, HINTS, FAILED, FREE, LEAVING = 16, 17, 18, 19, 20, 21, 22, 23, 24
AS_DESCRIPTOR_3 = """
import os, sys
number = int(sys.argv[1])
os.dup2(number, 3)
if number != 3:
    os.close(number)
os.execv(sys.argv[2], sys.argv[2:])
"""
WINDOW = 256 * 1024
PATIENCE = 10.0  # seconds until a test gives up
SHARED = {
    "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "8000",
    "SCRIPT_NAME": "",
    "wsgi.url_scheme": "http",
    "HTTP_HOST": "127.0.0.1:8000",
}


def import_host():
    """The host as a module, for the pure pieces."""
    spec = importlib.util.spec_from_file_location("wsgi_host", HOST)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Answer:
    def __init__(self):
        self.head = None
        self.body = bytearray()
        self.frames = []
        self.hints = []
        self.failed = None
        self.done = False
        self.busy = False  # whole, and FREE will follow

    @property
    def status(self):
        return self.head.split("\n")[0] if self.head is not None else None

    @property
    def headers(self):
        return [tuple(line.split(": ", 1)) for line in self.head.split("\n")[1:]]


class Peer:
    """The worker's end of one channel."""

    def __init__(self, connection):
        self.connection = connection
        connection.settimeout(PATIENCE)
        self.data = b""
        self.answers = {}
        self.wanted = {}
        self.credit_at_once = True
        self.ended = False
        self.left = False  # it said LEAVING
        self.hello = None
        self.next_id = 1

    def send(self, kind, *, payload=b"", flags=0, slot=0, id=0, aux=0):
        self.connection.sendall(HEADER.pack(len(payload), kind, flags, slot, id, aux) + payload)

    def template(self, slot=0, **more):
        self.send(TEMPLATE, slot=slot, payload=json.dumps({**SHARED, **more}).encode())

    def request(self, target="/", *, method="GET", body=b"", more=False, slot=0, length=None, raw=""):
        id, self.next_id = self.next_id, self.next_id + 1
        length = length if length is not None else (str(len(body)) if body and not more else "")
        head = "\n".join([method, target, raw, "HTTP/1.1", "10.0.0.9", "4711", length]).encode("latin-1")
        self.answers[id] = Answer()
        self.send(REQUEST, id=id, slot=slot, aux=len(head), payload=head + body, flags=1 if more else 0)
        return id

    def frame(self):
        """The next frame, or None at the end of the channel."""
        while True:
            if len(self.data) >= 16:
                length, kind, flags, _slot, id, aux = HEADER.unpack_from(self.data)
                if len(self.data) >= 16 + length:
                    payload, self.data = self.data[16 : 16 + length], self.data[16 + length :]
                    return kind, flags, id, aux, payload
            try:
                data = self.connection.recv(1 << 20)
            except ConnectionResetError:
                data = b""
            if not data:
                self.ended = True
                return None
            self.data += data

    def step(self):
        """Takes one frame into the answer that it belongs to. Returns it."""
        frame = self.frame()
        if frame is None:
            return None
        kind, flags, id, aux, payload = frame
        answer = self.answers.get(id)
        if kind == HELLO:
            self.hello = json.loads(payload)
        elif kind == LEAVING:
            self.left = True
        elif kind == WANT:
            self.wanted[id] = self.wanted.get(id, 0) + aux
        elif answer is not None:
            if kind == FREE:
                assert answer.busy, "FREE for an answer that said nothing of it"
                answer.busy = False
                return frame
            assert not answer.done, f"a frame of kind {kind} after the end"
            answer.frames.append(kind)
            if kind == HINTS:
                answer.hints.append(payload.decode("latin-1"))
            elif kind == FAILED:
                answer.failed, answer.done = payload.decode(), True
            else:
                if kind == ANSWER:
                    assert answer.head is None
                    answer.head, payload = payload[:aux].decode("latin-1"), payload[aux:]
                else:
                    assert answer.head is not None
                answer.body += payload
                answer.done, answer.busy = bool(flags & 1), flags == 3
                if self.credit_at_once and payload and not answer.done:
                    self.send(CREDIT, id=id, aux=len(payload))
        return frame

    def until(self, condition):
        """Takes frames until the condition holds. False: the channel ended before."""
        while not condition():
            if self.step() is None:
                return False
        return True

    def answer(self, id):
        self.until(lambda: self.answers[id].done)
        return self.answers[id]

    def get(self, target="/", **more):
        return self.answer(self.request(target, **more))


class Host:
    """A zygote, its control, and the socket to which its Python processes connect."""

    def __init__(self, target="applications:checked", *, threads=1, preload=False, cwd=APPS, environ=None, start=True):
        self.folder = tempfile.mkdtemp(prefix="wsgi-host-")
        self.path = os.path.join(self.folder, "c.sock")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        self.listener.settimeout(PATIENCE)
        self.control, theirs = socket.socketpair()
        self.control.settimeout(PATIENCE)
        log, stderr = os.pipe()
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        self.log = os.fdopen(log, "rb")
        self.process = subprocess.Popen(
            [sys.executable, "-ISc", AS_DESCRIPTOR_3, str(theirs.fileno()), sys.executable, HOST, "title"],
            stdin=subprocess.DEVNULL,
            stdout=stderr,
            stderr=stderr,
            pass_fds=[theirs.fileno()],
            cwd=cwd,
            env={**inherited, "PYTHONDONTWRITEBYTECODE": "1", **(environ or {})},
        )
        theirs.close()
        os.close(stderr)
        self.data = b""
        self.output = {}
        self.exits = {}
        self.messages = []
        self.peers = []
        if start:
            self.boot(target, threads=threads, preload=preload)

    def boot(self, target, *, threads=1, preload=False):
        self.tell(
            type="boot",
            target=target,
            socket=self.path,
            pythonPath=[],
            preload=preload,
            threads=threads,
            environ={"SERVER_SOFTWARE": "tsunicorn/test"},
            multiprocess=False,
        )

    def tell(self, **message):
        self.control.sendall(json.dumps(message).encode() + b"\n")

    def read(self, size):
        while len(self.data) < size:
            data = self.control.recv(1 << 16)
            if not data:
                raise EOFError
            self.data += data
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def hear(self):
        """The next message; what a process printed is kept in `output`."""
        while b"\n" not in self.data:
            data = self.control.recv(1 << 16)
            if not data:
                raise EOFError
            self.data += data
        line, self.data = self.data.split(b"\n", 1)
        message = json.loads(line)
        pid = message.get("pid")
        if message["type"] == "output":
            assert pid not in self.exits, "output after the end"
            assert message["bytes"] <= 65536
            self.output[pid] = self.output.get(pid, b"") + self.read(message["bytes"])
        elif message["type"] == "exited":
            self.exits[pid] = message
        self.messages.append(message)
        return message

    def expect(self, type):
        while True:
            message = self.hear()
            if message["type"] == type:
                return message

    def fork(self, token="aa"):
        self.tell(type="fork", token=token)
        return self.expect("forked")["pid"]

    def peer(self, token="aa"):
        """Forks a process and waits until it is ready."""
        pid = self.fork(token)
        connection, _ = self.listener.accept()
        peer = Peer(connection)
        peer.pid = pid
        self.peers.append(peer)
        if not peer.until(lambda: peer.hello is not None):
            raise AssertionError(self.said(pid))
        frame = peer.frame()
        if frame is None:
            raise AssertionError(self.said(pid))
        assert frame[0] == READY, frame
        peer.template()
        return peer

    def exited(self, pid):
        while pid not in self.exits:
            self.hear()
        return self.exits[pid]

    def said(self, pid):
        """All that a process printed until its end."""
        self.exited(pid)
        return self.output.get(pid, b"").decode()

    def printed(self, pid, text):
        while text not in self.output.get(pid, b"").decode():
            self.hear()
        return self.output[pid].decode()

    def wait(self):
        return self.process.wait(PATIENCE)

    def close(self):
        for peer in self.peers:
            peer.connection.close()
        self.control.close()
        self.listener.close()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise
        finally:
            self.log.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def gone(pid):
    """Whether there is no such process, or only its remains."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] in ("Z", "X")
    except FileNotFoundError:
        pass
    if os.path.isdir("/proc/self"):
        return True
    try:
        os.kill(pid, 0)
        return False
    except ProcessLookupError:
        return True


def eventually(condition, what="it"):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen")
        select.select([], [], [], 0.005)


def memory(pid):
    """Resident bytes of a process."""
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
