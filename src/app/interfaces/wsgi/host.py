"""The Python side of the WSGI interface: a zygote that forks, and the Python processes that run the application.

One file, standard library only, Python 3.9 or newer. The worker (Node) speaks HTTP and starts this file as a
zygote with a control socket as descriptor 3. The zygote forks Python processes; each connects to the worker's
unix socket, its channel, and answers requests there. What both say is written in the protocol of the interface:
control is lines of JSON, the channel is frames with a header of 16 bytes.

Sizes are bytes, times are seconds unless a name says otherwise (`graceMs`).
"""

from __future__ import annotations

import errno
import io
import json
import os
import re
import select
import signal
import socket
import stat
import struct
import sys
import time
from collections import deque

TYPE_CHECKING = False  # the module `typing` costs a megabyte in every process; the checker reads this name as true
if TYPE_CHECKING:
    import ast
    import traceback
    from collections.abc import Callable, Iterable, Iterator
    from types import FrameType, TracebackType
    from typing import Any, NoReturn, Union

    Environ = dict[str, object]
    Application = Callable[[Environ, Callable[..., object]], Iterable[bytes]]
    ExcInfo = tuple[type[BaseException], BaseException, Union[TracebackType, None]]
    Message = dict[str, object]

HEADER = struct.Struct("<IBBHII")  # payload length, kind, flags, slot, id, aux
HEADER_SIZE = HEADER.size
FRAME_MAX = 1 << 20
WINDOW = 256 * 1024  # bytes of one body on their way, in either direction; the largest piece of an answer too
READ_SIZE = 64 * 1024
HEAD_MAX = 256 * 1024
CLOSE_GRACE = 5.0  # seconds that exchanges in threads have for their close() when the channel has ended
TERM_GRACE = 30.0  # seconds between SIGTERM to the zygote and SIGKILL to what it forked, if the worker set none
BACKLOG = 2 * READ_SIZE  # bytes that wait for the worker on control before the zygote stops to read from pipes

TEMPLATE, REQUEST, BODY, GONE, CREDIT = 1, 2, 3, 4, 5
HELLO, READY, ANSWER, PIECE, WANT, HINTS, FAILED, FREE, LEAVING = 16, 17, 18, 19, 20, 21, 22, 23, 24
MORE = LAST = END = 1  # flags of REQUEST, of BODY, of ANSWER and PIECE
BUSY = 2  # with END: the answer is whole, but the application still runs (its `close()`, for one); FREE follows

EXIT_NOT_LOADED = 3
EXIT_BROKEN = 70  # sysexits.h, EX_SOFTWARE: the other side said what it must not
CONTROL_FD = 3
# A terminal and operators send these to a whole group or by mistake; they belong to the master and the workers.
NOT_FOR_US = ("SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGTTIN", "SIGTTOU")


class Broken(Exception):
    """The other side broke the protocol, or a descriptor that we need is gone. Nothing can be repaired here."""


class Gone(Exception):
    """The client, or the worker itself, is gone: what is answered is of no use to anybody."""


class NotLoaded(Exception):
    """The application cannot be loaded; the text is for people and says all there is to say."""


def spare_the_collector() -> None:
    """Lets the garbage collector look at less, and less often.

    What an application has loaded stays for good: it need not be looked at again and again. And the threshold of 700 new
    objects, which a page of a framework passes several times, is for small programs. A page of Django takes a twentieth
    less. An application that sets a threshold of its own keeps it.
    """
    import gc

    gc.collect()
    gc.freeze()
    if gc.get_threshold()[0] in (700, 2000):  # the defaults of Python up to 3.13, and of 3.14
        gc.set_threshold(20_000, *gc.get_threshold()[1:])


def leave_the_worker_its_turn() -> None:
    """SCHED_BATCH (sched(7)): a process that is woken waits until the one that runs has had its turn.

    The worker gathers several requests in one round of its event loop. To be pushed off its processor by each process
    that it wakes cost it 17 instead of 4 microseconds a write, and all a tenth of their throughput (2 cores, Linux 6.18).
    """
    try:
        os.sched_setscheduler(0, os.SCHED_BATCH | os.SCHED_RESET_ON_FORK, os.sched_param(0))
    except (AttributeError, OSError):
        pass  # another system, or a sandbox


def nothing(_number: int, _frame: FrameType | None) -> None:
    """A handler instead of SIG_IGN, because programs that the application starts would inherit that."""


def ignore_what_is_not_for_us() -> None:
    for name in NOT_FOR_US:
        signal.signal(getattr(signal, name), nothing)


def leave_when_asked(number: int, _frame: FrameType | None) -> None:
    """What SIGTERM and SIGQUIT do to a Python process: it finishes what it has begun, or dies if it is not ready yet."""
    if Channel.current is not None:
        Channel.current.on_ask(number)
        return
    flush()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def hold_term() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM,))


def let_term_pass() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))


def say(text: str) -> None:
    """Writes a sentence on stderr, which an application may have closed."""
    try:
        print(text.rstrip("\n"), file=sys.stderr, flush=True)
    except (OSError, ValueError, AttributeError):
        pass


def flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass


def leave_now(code: int) -> NoReturn:
    """Ends the process without `atexit`: for a forked copy, and where nothing can be trusted any more."""
    flush()
    os._exit(code)


# Tracebacks


def own_frame(filename: str) -> bool:
    return filename == __file__ or filename.startswith("<frozen importlib")


def without_own_frames(report: traceback.TracebackException) -> traceback.TracebackException:
    """The same report without the frames of this file and of the import system, in its causes too."""
    report.stack[:] = [frame for frame in report.stack if not own_frame(frame.filename)]
    related = [report.__cause__, report.__context__, *(getattr(report, "exceptions", None) or ())]
    for other in related:
        if other is not None:
            without_own_frames(other)
    return report


def describe(error: BaseException) -> tuple[str, int]:
    """The traceback as text, and how many frames of the application it has. Never raises."""
    try:
        from traceback import TracebackException

        report = without_own_frames(TracebackException(type(error), error, error.__traceback__))
        chained = report.__cause__ or report.__context__
        lines = report.format() if report.stack or chained else report.format_exception_only()
        return "".join(lines), len(report.stack)
    except Exception:  # a broken __str__, no memory
        return f"{type(error).__name__} (its traceback could not be written)\n", 0


# Finding the application


def parse_target(target: str) -> tuple[str, ast.expr | None]:
    """Takes `package.module`, `module:name`, `module:object.name` or `module:factory('a', key=1)` apart."""
    import ast

    module, colon, text = target.partition(":")
    if module.endswith(".py") or not all(part.isidentifier() for part in module.split(".")):
        hint = f' Write "{module[:-3].replace("/", ".")}".' if module.endswith(".py") else ""
        raise NotLoaded(f'"{target}" does not begin with the name of a module, such as "package.module".{hint}')
    if not colon:
        return module, None
    try:
        expression = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        expression = None
    inner = expression.func if isinstance(expression, ast.Call) else expression
    while isinstance(inner, ast.Attribute):
        inner = inner.value
    if expression is None or not isinstance(inner, ast.Name):
        raise NotLoaded(f'"{text}" in "{target}" must be a name, such as "app", or a call, such as "create_app()".')
    return module, expression


def missing_module(module: str) -> str:
    """The sentence for a module that is nowhere: what was looked for, where, and what to do."""
    from difflib import get_close_matches

    places = [place or os.getcwd() for place in sys.path]
    near: list[str] = []
    for place in places[:3]:
        try:
            names = os.listdir(place)
        except OSError:
            continue
        near += [name[:-3] if name.endswith(".py") else name for name in names if not name.startswith(("_", "."))]
    close = get_close_matches(module.partition(".")[0], near, 1)
    hint = f' Did you mean "{close[0]}"?' if close and close[0] != module.partition(".")[0] else ""
    rest = f" and {len(places) - 3} more places" if len(places) > 3 else ""
    return (
        f'There is no module "{module}": looked for it in {", ".join(places[:3])}{rest}.{hint} Correct the name, '
        'set "chdir" or "pythonPath" to the folder that holds it, or use the Python of the virtual environment '
        f"that has it (this one is {sys.executable})."
    )


def missing_attribute(module: str, names: str) -> str:
    """The sentence for a name that the module does not have, with those that it has."""
    loaded = sys.modules[module]
    found = [name for name, value in vars(loaded).items() if callable(value) and not name.startswith("_")]
    made_here = [name for name in found if getattr(vars(loaded)[name], "__module__", module) == module]
    shown = (made_here or found)[:10]
    has = (
        f'It has the callables {", ".join(shown)}: say which, as in "{module}:{shown[0]}".'
        if shown
        else ("It has no callable at all.")
    )
    return f'The module "{module}" ({getattr(loaded, "__file__", None) or "no file"}) has no {names}. {has}'


def look_up(module: str, expression: ast.expr | None) -> object:
    """The object that the part behind the colon names; a factory is called, with literals only."""
    import ast

    loaded: object = sys.modules[module]
    if expression is None:
        for name in ("application", "app"):
            if hasattr(loaded, name):
                return getattr(loaded, name)
        raise NotLoaded(missing_attribute(module, '"application" and no "app"'))
    call = expression if isinstance(expression, ast.Call) else None
    path = ast.unparse(call.func if call else expression)
    found = loaded
    for name in path.split("."):
        if not hasattr(found, name):
            raise NotLoaded(missing_attribute(module, f'"{path}"'))
        found = getattr(found, name)
    if call is None:
        return found
    try:
        if any(keyword.arg is None for keyword in call.keywords):
            raise ValueError
        arguments = [ast.literal_eval(argument) for argument in call.args]
        named = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
    except ValueError:
        raise NotLoaded(f'"{ast.unparse(call)}": arguments must be literals, such as "text", 1 or True.') from None
    if not callable(found):
        raise NotLoaded(f'"{path}" of "{module}" is {type(found).__name__}, which cannot be called as a factory.')
    result: object = found(*arguments, **named)
    if not callable(result):
        raise NotLoaded(f'"{ast.unparse(call)}" of "{module}" returned {type(result).__name__}, not an application.')
    return result


def load(target: str) -> Application:
    """Imports the application.

    Raises NotLoaded, whose text is a sentence, or the traceback where the fault is in the application's code.
    """
    module, expression = parse_target(target)
    try:
        __import__(module)
        found = look_up(module, expression)
    except NotLoaded:
        raise
    except SystemExit as error:
        text, _ = describe(error)
        raise NotLoaded(
            f'{text}Loading "{target}" called sys.exit({error.code!r}); a module of an application must only '
            "define it. Put what ends the program under \"if __name__ == '__main__':\"."
        ) from None
    except BaseException as error:
        text, frames = describe(error)
        if frames == 0 and isinstance(error, ModuleNotFoundError) and f"{module}.".startswith(f"{error.name}."):
            raise NotLoaded(missing_module(module)) from None
        raise NotLoaded(text if frames else f'Cannot load "{target}": {text}') from None
    if not callable(found):
        raise NotLoaded(f'"{target}" is {type(found).__name__}, which is not callable: an application must be.')
    application: Application = found
    return application


# Heads of answers

STATUS = re.compile(r"[2-9][0-9]{2}(?: [^\x00-\x08\x0a-\x1f\x7f]*)?").fullmatch
TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]").search
HOP_BY_HOP = frozenset(
    "connection keep-alive proxy-authenticate proxy-authorization te trailers transfer-encoding upgrade".split()
)


class Head:
    """A validated head of an answer, ready to be sent."""

    __slots__ = ("text", "length", "bare")

    def __init__(self, text: bytes, length: int | None, bare: bool) -> None:
        self.text = text
        self.length = length  # the Content-Length that the application gave
        self.bare = bare  # the status allows no body (RFC 9110, 6.4.1)


def header_line(item: object) -> tuple[str, str, str]:
    """Checks one header. Returns the name in lower case, the value, and the line."""
    if type(item) is not tuple or len(item) != 2:
        raise TypeError(f"A header must be a tuple (name, value), not {item!r}.")
    name, value = item
    if not isinstance(name, str) or not isinstance(value, str):
        raise TypeError(f"Name and value of a header must be str, not {item!r}.")
    if not TOKEN(name):
        raise ValueError(f"{name!r} is not a name of a header.")
    if CONTROL_CHARACTER(value):
        raise ValueError(f"The value of {name} has a control character: {value!r}.")
    return name.lower(), value, f"{name}: {value}"


def latin_1(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{error.object[error.start : error.end]!r} cannot be sent in a head: status and headers must be latin-1."
        ) from None


def make_head(status: object, headers: tuple[object, ...]) -> Head:
    """Validates what `start_response` was given (PEP 3333, RFC 9110)."""
    if not isinstance(status, str):
        raise TypeError(f"The status must be str, not {type(status).__name__}.")
    if not STATUS(status):
        raise ValueError(f'The status must be three digits and a reason, such as "200 OK", not {status!r}.')
    length: int | None = None
    lines = [status if len(status) > 3 else f"{status} "]
    for item in headers:
        name, value, line = header_line(item)
        if name in HOP_BY_HOP:
            raise ValueError(f"{name} is a hop-by-hop header: the server alone sends it (PEP 3333). Leave it out.")
        if name == "content-length":
            if not (value.isascii() and value.isdigit()) or (length is not None and length != int(value)):
                raise ValueError(f"Content-Length must be one number, not {value!r}.")
            length = int(value)
        lines.append(line)
    text = latin_1("\n".join(lines))
    if len(text) > HEAD_MAX:
        raise ValueError(f"The head of the answer has {len(text)} bytes; at most {HEAD_MAX} are allowed.")
    return Head(text, length, status[:3] in ("204", "304"))


class Heads:
    """Heads that were validated already: most answers of an application have one of a few."""

    LIMIT = 256
    HEAD_LIMIT = 2048  # larger ones are not kept: at most half a megabyte is

    def __init__(self) -> None:
        self.known: dict[object, Head] = {}

    def get(self, status: object, headers: Iterable[object]) -> Head:
        key = (status, *headers)
        try:
            known = self.known.get(key)
        except TypeError:  # a list instead of a tuple has no hash; make_head says it better
            known = None
        if known is not None:
            return known
        head = make_head(status, key[1:])
        if len(head.text) <= self.HEAD_LIMIT:
            if len(self.known) >= self.LIMIT:
                self.known.clear()
            self.known[key] = head
        return head


# One request and its answer


class FileWrapper:
    """`wsgi.file_wrapper` (PEP 3333): iterates over a file in blocks."""

    def __init__(self, filelike: Any, blksize: int = 8192) -> None:
        self.filelike = filelike
        self.blksize = blksize
        if hasattr(filelike, "close"):
            self.close = filelike.close

    def __iter__(self) -> FileWrapper:
        return self

    def __next__(self) -> bytes:
        block: bytes = self.filelike.read(self.blksize)
        if block:
            return block
        raise StopIteration

    def in_large_blocks(self) -> FileWrapper:
        """The rest in pieces of a whole window where nothing has to be waited for: a regular file."""
        try:
            regular = stat.S_ISREG(os.fstat(self.filelike.fileno()).st_mode)
        except (AttributeError, OSError, ValueError, TypeError):
            return self
        if regular:
            self.blksize = max(self.blksize, WINDOW)
        return self


class BodyStream(io.RawIOBase):
    """The body of a request that did not come whole: waits for the next piece, and tells the worker what was taken."""

    def __init__(self, exchange: Exchange, first: bytes) -> None:
        self.exchange = exchange
        self.view = memoryview(first)
        self.taken = 0  # since the last WANT

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self.view and not self.next_piece():
            return 0
        size = min(len(buffer), len(self.view))
        buffer[:size] = self.view[:size]
        self.view = self.view[size:]
        self.taken += size
        if self.taken >= READ_SIZE:
            self.want()
        return size

    def next_piece(self) -> bool:
        """Fetches the next piece that is not empty. False: the body is at its end."""
        exchange = self.exchange
        pieces = exchange.pieces
        while not self.view:
            if not pieces:
                if exchange.whole:
                    return False
                self.want()
                exchange.channel.until(lambda: bool(pieces) or exchange.whole or exchange.gone)
            if exchange.gone:
                raise ConnectionResetError(errno.ECONNRESET, "The client is gone; its request did not come whole")
            if pieces:
                self.view = memoryview(pieces.popleft())
        return True

    def want(self) -> None:
        if self.taken and not self.exchange.whole and not self.exchange.over:
            self.exchange.channel.send(HEADER.pack(0, WANT, 0, 0, self.exchange.id, self.taken))
            self.taken = 0


LIST_ITERATOR: type = type(iter([]))
TUPLE_ITERATOR: type = type(iter(()))


class Exchange:
    """One request and its answer.

    Attributes that are seldom set are defaults of the class: an exchange lives for some microseconds.
    In a process with threads the reading thread writes `granted`, `whole`, `gone` and `pieces`, the one that runs the
    exchange all the rest; so neither needs a lock.
    """

    head: Head | None = None
    head_sent = False
    ended = False  # END or FAILED was sent
    end = END | BUSY  # the flags of the last frame of the answer
    owes_free = False  # BUSY was sent
    gone = False
    over = False  # the application has returned from it
    streams = False  # the body of the request comes in frames of its own
    whole = True  # the body of the request is here to its end
    mute = False  # HEAD: the body is made, but not sent
    granted = WINDOW  # bytes of the answer's body that may be sent in all
    spent = 0
    left: int | None = None  # bytes that the application's Content-Length still lets through

    def __init__(self, channel: Channel, id: int, base: Environ, fields: list[str], first: bytes) -> None:
        self.channel = channel
        self.id = id
        self.base = base
        self.fields = fields
        self.first = first

    def expect_more(self) -> None:
        self.streams, self.whole = True, False
        self.pieces: deque[bytes] = deque()

    def environ(self) -> Environ:
        """The environ of PEP 3333: a copy of what many requests share, and what is this one's own."""
        environ = self.base.copy()
        method, target, raw, protocol, address, port, length = self.fields
        path, _, query = target.partition("?")
        script_name = environ["SCRIPT_NAME"]
        if script_name:
            path = without_script_name(path, environ)
        if "%" in path:
            path = percent_decoded(path)
        environ["REQUEST_METHOD"] = method
        environ["PATH_INFO"] = path
        environ["QUERY_STRING"] = query
        environ["RAW_URI"] = raw or target
        environ["SERVER_PROTOCOL"] = protocol
        environ["REMOTE_ADDR"] = address
        environ["REMOTE_PORT"] = port
        if length:
            environ["CONTENT_LENGTH"] = length
        if self.streams:
            environ["wsgi.input"] = io.BufferedReader(BodyStream(self, self.first), READ_SIZE)
        else:
            environ["wsgi.input"] = io.BytesIO(self.first)
        environ["wsgi.early_hints"] = self.early_hints
        if method == "HEAD":
            self.mute = True
        return environ

    def run(self) -> None:
        """Runs the application for this request. Whatever it does, the exchange has ended afterwards."""
        result: object = None
        try:
            result = self.channel.application(self.environ(), self.start_response)
            self.answer(result)
        except Gone:
            pass
        except BaseException as error:
            self.fail(error)
        if type(result) is not list:
            self.close(result)
        self.gone = self.over = True  # who still reads `wsgi.input` now must not wait

    def close(self, result: object) -> None:
        """Calls the iterable's `close()`, once, whatever happened (PEP 3333)."""
        try:
            close = getattr(result, "close", None)
            if close is not None:
                close()
        except Gone:
            pass
        except BaseException as error:
            self.fail(error)

    # What the application calls

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None
    ) -> Callable[[bytes], None]:
        if exc_info:
            try:
                if self.head_sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # its traceback refers to this frame
        elif self.head is not None:
            raise AssertionError("start_response was called twice, the second time without exc_info.")
        self.head = head = self.channel.heads.get(status, headers)
        self.left = head.length
        return self.write

    def write(self, piece: bytes) -> None:
        """The callable that `start_response` returns: sends at once."""
        if not isinstance(piece, bytes):
            raise TypeError(f"write() takes bytes, not {type(piece).__name__}.")
        if piece and not self.ended:
            self.put(piece, False)

    def early_hints(self, headers: Iterable[tuple[str, str]]) -> None:
        """`wsgi.early_hints`: sends a 103 answer (RFC 8297), as long as the answer itself has not begun."""
        if not self.head_sent and not self.gone:
            lines = latin_1("\n".join([header_line(item)[2] for item in headers]))
            self.channel.send(HEADER.pack(len(lines), HINTS, 0, 0, self.id, 0) + lines)

    # What is sent

    def answer(self, result: object) -> None:
        """Sends what the application returned."""
        kind = type(result)
        if kind is list or kind is tuple:
            self.end = END  # there is nothing to close
            if len(result) == 1:  # type: ignore[arg-type]
                self.put_only(bytes_only(result[0]))  # type: ignore[index]
                return
            pieces = [bytes_only(piece) for piece in result]  # type: ignore[attr-defined]
            if sum(map(len, pieces)) <= WINDOW:
                self.put_only(b"".join(pieces))
                return
        elif kind is FileWrapper:
            result = result.in_large_blocks()  # type: ignore[attr-defined]
        elif isinstance(result, (bytes, str)) or not hasattr(result, "__iter__"):
            raise TypeError(f"The application must return an iterable of bytes, such as a list, not {kind.__name__}.")
        iterator: Iterator[object] = iter(result)  # type: ignore[call-overload]
        if type(iterator) is LIST_ITERATOR or type(iterator) is TUPLE_ITERATOR:
            self.put_known(iterator)
        else:
            self.put_all(iterator)

    def put_only(self, piece: bytes) -> None:
        """Sends an answer whose pieces are all here: as one frame, with its length."""
        if self.ended:  # by `write()`, which sent as much as was announced
            return
        head = self.head
        size = len(piece)
        if head is None or self.head_sent or head.length is not None or head.bare or (self.mute and not size):
            self.put(piece, True)  # an empty answer to HEAD says nothing about the length
            return
        text = b"%b\nContent-Length: %d" % (head.text, size)
        if self.mute or size > READ_SIZE:
            self.head = Head(text, size, False)
            self.put(piece, True)
            return
        self.head_sent = self.ended = True
        self.channel.send(HEADER.pack(len(text) + size, ANSWER, END, 0, self.id, len(text)) + text + piece)

    def put_known(self, pieces: Iterator[object]) -> None:
        """Sends pieces whose number is known (the iterator of a list): the last one carries END."""
        rest: Callable[[], int] = pieces.__length_hint__  # type: ignore[attr-defined]
        for piece in pieces:
            if self.ended:
                return
            last = rest() == 0
            if bytes_only(piece) or last:
                self.put(piece, last)  # type: ignore[arg-type]
        if not self.ended:
            self.put(b"", True)

    def put_all(self, pieces: Iterator[object]) -> None:
        """Sends each piece when it is there. A piece beyond the Content-Length ends the iteration."""
        for piece in pieces:
            if bytes_only(piece):
                if self.ended:
                    return
                self.put(piece, False)  # type: ignore[arg-type]
            else:  # an iteration without pieces must learn, too, that nobody waits for them
                self.channel.glance()
                if self.gone:
                    raise Gone
        if not self.ended:
            self.put(b"", True)

    def put(self, piece: bytes, end: bool) -> None:
        """Sends a piece, with the head if it is the first, in parts as the worker's credit allows.

        `end`: nothing follows. The piece that completes the application's Content-Length ends the answer as well, so
        that most answers of frameworks are one frame. Raises Gone.
        """
        if self.head is None:
            raise AssertionError("The application did not call start_response before its first piece.")
        if self.left is not None:
            if len(piece) >= self.left:
                piece, end = piece[: self.left], True
            self.left -= len(piece)
        if self.head_sent:
            self.channel.glance()
        if self.mute or self.head.bare:
            piece = b""
        rest = memoryview(piece)
        while True:
            if rest and self.spent >= self.granted:
                self.channel.until(lambda: self.granted > self.spent or self.gone)
            if self.gone:
                raise Gone
            part = rest[: min(self.granted - self.spent, WINDOW)]
            rest = rest[len(part) :]
            self.put_part(part, end and not rest)
            if not rest:
                return

    def put_part(self, part: memoryview, end: bool) -> None:
        size = len(part)
        self.spent += size
        flags = self.end if end else 0
        self.ended = end
        self.owes_free = flags & BUSY != 0
        if not self.head_sent and self.head is not None:
            text = self.head.text
            self.head_sent = True
            start = HEADER.pack(len(text) + size, ANSWER, flags, 0, self.id, len(text)) + text
        elif size or end:
            start = HEADER.pack(size, PIECE, flags, 0, self.id, 0)
        else:
            return  # HEAD: nothing to say
        self.channel.send(b"".join((start, part)))

    def fail(self, error: BaseException) -> None:
        """Ends the exchange with a traceback, unless it has ended already or its client is gone."""
        channel = self.channel
        if channel.forked:
            end_of_fork(error)
        text, _ = describe(error)
        leaving = isinstance(error, (SystemExit, KeyboardInterrupt))
        if leaving:
            text += "The application ended its process during a request.\n"
        if self.ended:
            say(f"The application failed after its answer was whole:\n{text}")
        elif not self.gone:
            self.ended = True
            payload = text.encode("utf-8", "backslashreplace")[-WINDOW:]
            try:
                channel.send(HEADER.pack(len(payload), FAILED, 0, 0, self.id, 0) + payload)
            except Gone:
                pass
        if leaving:
            channel.leave(exit_code(error))


def bytes_only(piece: object) -> bytes:
    if not isinstance(piece, bytes):
        hint = " (encode it)" if isinstance(piece, str) else ""
        raise TypeError(f"The application must answer with bytes; a piece is {type(piece).__name__}{hint}.")
    return piece


def exit_code(error: BaseException) -> int:
    """The code with which Python itself would end on this exception."""
    if not isinstance(error, SystemExit):
        return 130 if isinstance(error, KeyboardInterrupt) else 1
    if error.code is None or isinstance(error.code, int):
        return (error.code or 0) & 0xFF
    say(str(error.code))
    return 1


def end_of_fork(error: BaseException | None) -> NoReturn:
    """Ends a process that the application forked and let return to us: the request is its parent's."""
    if error is not None and not isinstance(error, (SystemExit, Gone)):
        say(describe(error)[0])
    leave_now(exit_code(error) if error is not None and not isinstance(error, Gone) else 0)


def percent_decoded(path: str) -> str:
    """The bytes that a path stands for, as latin-1 (PEP 3333, 'Unicode Issues')."""
    from urllib.parse import unquote

    return unquote(path, "latin-1")


def without_script_name(path: str, environ: Environ) -> str:
    """The path behind SCRIPT_NAME. Where that does not lead the path, it is no script name of this request."""
    script_name = str(environ["SCRIPT_NAME"]).rstrip("/")
    size = len(script_name)
    if path.startswith(script_name) and path[size : size + 1] in ("", "/"):
        return path[size:]
    decoded = percent_decoded(path)
    if decoded.startswith(script_name) and decoded[size : size + 1] in ("", "/"):
        return decoded[size:].replace("%", "%25")  # the caller decodes once more
    environ["SCRIPT_NAME"] = ""
    return path


# The channel


class Channel:
    """The connection of one Python process to its worker, and the requests that came over it.

    This one runs the application in the thread that reads; an exchange that waits for a piece or for credit reads the
    frames itself, and requests that come meanwhile wait in `waiting`.
    """

    current: Channel | None = None  # of this process, once the application is loaded

    def __init__(self, connection: socket.socket, application: Application, constants: Environ) -> None:
        self.connection = connection
        self.application = application
        self.constants = constants
        self.heads = Heads()
        self.templates: list[Environ | None] = [None] * 256
        self.exchanges: dict[int, Exchange] = {}
        self.waiting: deque[Exchange] = deque()
        self.rest = b""  # the beginning of a frame that is not whole yet
        self.missing = 0  # bytes that this frame still lacks, as far as known
        self.ending = False
        self.busy = False
        self.code = 0
        self.asked_by = 0  # the number of the signal that makes the process leave
        self.forked = False
        # A signal that comes between Python's last look and the system call is handled after it: so a read returns
        # every second. A poll() in front of each would be one more system call for every small request.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", 1, 0))
        # SIGTERM must wait in what the application forks until it has its usual effect there, or it would be lost
        os.register_at_fork(before=hold_term, after_in_parent=let_term_pass, after_in_child=self.forget)

    def serve(self) -> int:
        """Answers until the worker closes the channel or the process is told to leave. Returns the exit code."""
        waiting, exchanges = self.waiting, self.exchanges
        while not self.ending:
            if waiting:
                exchange = waiting.popleft()
                if not exchange.gone:
                    exchange.run()
                del exchanges[exchange.id]
                self.finish(exchange)
            else:
                self.busy = False
                if not self.ending:  # a signal that comes behind this line makes the read end (`on_ask`)
                    self.receive(0)
                self.busy = True
        return self.code

    def on_ask(self, number: int) -> None:
        """A signal: what was begun is finished, the rest is left to other processes."""
        self.asked_by = number
        self.ending = True
        if not self.busy:
            self.stop_reading()

    def stop_reading(self) -> None:
        """Makes a read that waits return, as if the worker had closed the channel."""
        try:
            self.connection.shutdown(socket.SHUT_RD)
        except OSError:
            pass

    def leave(self, code: int) -> None:
        self.code = code
        self.ending = True

    def forget(self) -> None:
        """In a process that the application forks: it must not answer, and signals have their usual effect again."""
        self.forked = True
        self.connection.close()
        for name in (*NOT_FOR_US, "SIGTERM"):
            number = getattr(signal, name)
            if signal.getsignal(number) in (nothing, leave_when_asked):
                signal.signal(number, signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL)
        let_term_pass()

    def until(self, ready: Callable[[], bool]) -> None:
        """Waits until `ready()`, which looks at what frames change. The end of the channel makes all exchanges gone."""
        while not ready():
            self.receive(0)

    def glance(self) -> None:
        """Takes the frames that are there already, so that an exchange learns that its client is gone."""
        self.receive(socket.MSG_DONTWAIT)

    def send(self, frame: bytes) -> None:
        """Sends frames at once. Raises Gone if the worker is gone."""
        try:
            self.connection.sendall(frame)
        except OSError as error:
            self.lost(error)
            raise Gone from None

    def finish(self, exchange: Exchange) -> None:
        """Tells the worker that this process is done with a request, where that was not said with the answer."""
        if exchange.ended and not exchange.owes_free:
            return
        kind = FREE if exchange.ended else FAILED  # its client had left: nothing was answered
        try:
            self.send(HEADER.pack(0, kind, 0, 0, exchange.id, 0))
        except Gone:
            pass

    def farewell(self) -> None:
        """Tells the worker that what it has no answer to was not begun, so that it can go to another process, and why."""
        try:
            self.send(HEADER.pack(0, LEAVING, 0, 0, 0, self.asked_by))
        except Gone:
            pass

    def lost(self, error: OSError | None) -> None:
        """The connection is at its end, or is not ours any more."""
        if self.forked:
            end_of_fork(None)
        if error is not None and error.errno not in (errno.EPIPE, errno.ECONNRESET):
            say(f"The channel to the worker failed, so this process ends: {error}. Did the application close it?")
            leave_now(EXIT_BROKEN)
        self.ending = True
        for exchange in list(self.exchanges.values()):
            exchange.gone = True

    def receive(self, flags: int) -> None:
        """Reads once and takes all frames that are whole. Returns also when the channel has ended."""
        try:
            data = self.connection.recv(max(READ_SIZE, self.missing), flags)
        except BlockingIOError:  # nothing there, or nothing within a second
            return
        except OSError as error:
            self.lost(error)
            return
        if not data:
            self.lost(None)
            return
        self.take(self.rest + data if self.rest else data)

    def take(self, data: bytes) -> None:
        """Takes frames apart: the hot path, one call for all the requests that came together."""
        at, size = 0, len(data)
        unpack, templates, waiting, exchanges = HEADER.unpack_from, self.templates, self.waiting, self.exchanges
        self.missing = 0
        while size - at >= HEADER_SIZE:
            length, kind, flags, slot, id, aux = unpack(data, at)
            start = at + HEADER_SIZE
            end = start + length
            if end > size:
                if length > FRAME_MAX:
                    self.broken(f"a frame of {length} bytes")
                self.missing = end - size
                break
            at = end
            if kind == REQUEST:
                body = start + aux
                fields = data[start:body].decode("latin-1").split("\n")
                base = templates[slot] if slot < 256 else None
                if base is None or body > end or len(fields) != 7 or id in exchanges:
                    self.broken(f"request {id} with {len(fields)} fields for slot {slot}")
                exchange = exchanges[id] = Exchange(self, id, base, fields, data[body:end])
                if flags & MORE:
                    exchange.expect_more()
                waiting.append(exchange)
            else:
                self.take_other(kind, flags, slot, id, aux, data[start:end])
        self.rest = data[at:] if at < size else b""

    def take_other(self, kind: int, flags: int, slot: int, id: int, aux: int, payload: bytes) -> None:
        """Takes a frame that is not a request. One for an exchange that is over is nothing to us."""
        if kind == TEMPLATE:
            if slot > 255:
                self.broken(f"a template for slot {slot}")
            self.templates[slot] = self.make_template(payload)
            return
        if kind not in (BODY, GONE, CREDIT):
            self.broken(f"a frame of kind {kind}")
        exchange = self.exchanges.get(id)
        if exchange is None:
            return
        if kind == BODY:
            if exchange.whole:  # also one that came with its head
                self.broken(f"a piece of the body of request {id}, which was whole")
            exchange.pieces.append(payload)
            if flags & LAST:
                exchange.whole = True
        elif kind == GONE:
            exchange.gone = True
        else:
            exchange.granted += aux

    def make_template(self, payload: bytes) -> Environ:
        """What the requests of a slot share. All keys are there already, so that a copy need not grow."""
        try:
            shared = json.loads(payload)
        except ValueError:
            shared = None
        if not isinstance(shared, dict):
            self.broken("a template that is no JSON object")
        base: Environ = {**self.constants, **shared}
        base.setdefault("SCRIPT_NAME", "")
        for key in ("METHOD", "PATH_INFO", "QUERY_STRING", "RAW_URI", "REMOTE_ADDR", "REMOTE_PORT", "SERVER_PROTOCOL"):
            base["REQUEST_METHOD" if key == "METHOD" else key] = ""
        base["wsgi.input"] = base["wsgi.early_hints"] = None
        return base

    def broken(self, what: str) -> NoReturn:
        say(f"The worker sent what a Python process cannot understand, so it ends: {what}.")
        leave_now(EXIT_BROKEN)


class ThreadedChannel(Channel):
    """A channel whose exchanges run in threads, while the main thread reads all the time."""

    closed = False
    leaves_work = False  # the process ends with exchanges that were begun
    news = False  # a frame came that a thread may wait for

    def __init__(self, connection: socket.socket, application: Application, constants: Environ, threads: int) -> None:
        super().__init__(connection, application, constants)
        import queue
        import threading

        self.threads = threads
        self.jobs: queue.SimpleQueue[Exchange] = queue.SimpleQueue()
        self.begun: set[int] = set()
        self.sending = threading.Lock()
        self.changed = threading.Condition()

    def serve(self) -> int:
        import threading

        for number in range(self.threads):
            threading.Thread(target=self.work, name=f"wsgi-{number}", daemon=True).start()
        while not self.closed:
            self.receive(0)
            while self.waiting:
                self.jobs.put(self.waiting.popleft())
            if self.news:
                self.news = False
                with self.changed:
                    self.changed.notify_all()
        deadline = time.monotonic() + CLOSE_GRACE
        while self.begun:
            if time.monotonic() > deadline:
                self.leaves_work = True
                break
            time.sleep(0.005)
        return self.code

    def lost(self, error: OSError | None) -> None:
        super().lost(error)
        self.closed = self.news = True

    def take_other(self, kind: int, flags: int, slot: int, id: int, aux: int, payload: bytes) -> None:
        super().take_other(kind, flags, slot, id, aux, payload)
        self.news = True

    def work(self) -> None:
        """What each thread of the pool does, for ever: they are daemons, and end with the process."""
        while True:
            exchange = self.jobs.get()
            self.begun.add(exchange.id)  # before looking at `ending`, which `on_ask` sets before it looks at `begun`
            if not self.ending:  # else it is left to other processes (`farewell`)
                if not exchange.gone:
                    exchange.run()
                self.exchanges.pop(exchange.id, None)
                self.finish(exchange)
            self.begun.discard(exchange.id)
            if self.ending and not self.begun:
                self.stop_reading()

    def on_ask(self, number: int) -> None:
        self.asked_by = number
        self.ending = True
        if not self.begun:
            self.stop_reading()

    def forget(self) -> None:
        import threading

        self.sending = threading.Lock()  # another thread may have held it when this process was forked
        super().forget()

    def until(self, ready: Callable[[], bool]) -> None:
        if self.forked:
            end_of_fork(None)
        with self.changed:
            self.changed.wait_for(ready)

    def glance(self) -> None:
        pass

    def farewell(self) -> None:
        if not self.leaves_work:
            super().farewell()

    def send(self, frame: bytes) -> None:
        with self.sending:
            super().send(frame)


# A Python process


class Kernel:
    """What only Linux has and `os` does not offer, by ctypes; nothing where either is missing."""

    SIGNAL_STACK = 256 * 1024  # bytes, which take no memory until they are used

    def __init__(self) -> None:
        self.library: Any = None
        if sys.platform.startswith("linux"):
            try:
                import ctypes

                self.library = ctypes.CDLL(None)
            except (ImportError, OSError):
                pass

    def die_with_parent(self) -> None:
        """SIGKILL when the parent dies: PR_SET_PDEATHSIG, prctl(2)."""
        if self.library is not None:
            self.library.prctl(1, int(signal.SIGKILL), 0, 0, 0)

    def enlarge_signal_stack(self) -> None:
        """Replaces the stack for signals that faulthandler sets up.

        Python's own handlers run on it too; it is so small that a few signals at once overflow it, which is a
        segmentation fault without a word (seen with Python 3.10 to 3.13).
        """
        if self.library is not None:
            import ctypes
            import mmap

            class Stack(ctypes.Structure):  # stack_t, sigaltstack(2)
                _fields_ = (("base", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))

            self.memory = mmap.mmap(-1, self.SIGNAL_STACK, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            self.start = ctypes.c_char.from_buffer(self.memory)  # keeps the memory where it is
            stack = Stack(ctypes.addressof(self.start), 0, self.SIGNAL_STACK)
            self.library.sigaltstack(ctypes.byref(stack), None)


class Boot:
    """The worker's first message: what is served, and how."""

    def __init__(self, message: Message) -> None:
        self.target = text_of(message, "target")
        self.socket = text_of(message, "socket")
        self.preload = message.get("preload") is True
        self.multiprocess = message.get("multiprocess") is True
        self.threads = number_of(message, "threads")
        path, environ = message.get("pythonPath"), message.get("environ")
        if not isinstance(path, list) or not isinstance(environ, dict):
            raise Broken("a boot without pythonPath and environ")
        self.python_path = [str(place) for place in path]
        self.environ: Environ = {str(key): str(value) for key, value in environ.items()}
        self.application: Application | None = None  # with preload

    def constants(self) -> Environ:
        """The part of the environ that all requests of a process share."""
        return {
            **self.environ,
            "wsgi.version": (1, 0),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": self.threads > 1,
            "wsgi.multiprocess": self.multiprocess,
            "wsgi.run_once": False,
            "wsgi.input_terminated": True,
            "wsgi.file_wrapper": FileWrapper,
        }

    def set_path(self) -> None:
        """The working directory first, then what the user set; the folder of this file is nobody's business."""
        own = os.path.dirname(os.path.abspath(__file__))
        first = [os.getcwd(), *(os.path.abspath(place) for place in self.python_path)]
        sys.path[:] = first + [place for place in sys.path if place not in (own, "", *first)]
        sys.argv[1:] = []


class Birth:
    """A Python process right after the fork, with what it needs of the zygote."""

    def __init__(self, boot: Boot, token: str, output: int, zygote_pid: int, kernel: Kernel) -> None:
        self.boot = boot
        self.token = token
        self.output = output  # the end of its pipe that it writes to
        self.zygote_pid = zygote_pid
        self.kernel = kernel

    def settle(self) -> None:
        """Makes the process its own: a group, output, signals. Must come before any code of the application."""
        self.kernel.die_with_parent()
        if os.getppid() != self.zygote_pid:
            leave_now(0)
        try:
            os.setpgid(0, 0)
        except OSError:
            pass
        os.dup2(self.output, 1)
        os.dup2(self.output, 2)
        os.close(self.output)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
        leave_the_worker_its_turn()
        ignore_what_is_not_for_us()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number in (signal.SIGTERM, signal.SIGQUIT):
            signal.signal(number, leave_when_asked)
        let_term_pass()
        try:
            import faulthandler

            faulthandler.enable(2, all_threads=True)
            self.kernel.enlarge_signal_stack()
        except (ImportError, OSError, RuntimeError):
            pass

    def live(self) -> int:
        """The life of a Python process. Returns its exit code."""
        self.settle()
        boot = self.boot
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(boot.socket)
            greeting = json.dumps({"token": self.token, "pid": os.getpid()}).encode()
            connection.sendall(HEADER.pack(len(greeting), HELLO, 0, 0, 0, 0) + greeting)
        except OSError as error:
            say(f"Cannot connect to the worker at {boot.socket}: {error}.")
            return EXIT_BROKEN
        application = boot.application or load_or_say(boot.target)
        if application is None:
            return EXIT_NOT_LOADED
        if boot.threads > 1:
            channel: Channel = ThreadedChannel(connection, application, boot.constants(), boot.threads)
        else:
            channel = Channel(connection, application, boot.constants())
        Channel.current = channel
        if signal.getsignal(signal.SIGTERM) not in (signal.SIG_DFL, signal.SIG_IGN):
            signal.signal(signal.SIGTERM, leave_when_asked)  # SIGQUIT is the application's, if it wants it
        spare_the_collector()
        try:
            channel.send(HEADER.pack(0, READY, 0, 0, 0, 0))
            code = channel.serve()
            channel.farewell()
        except Gone:
            code = 0
        connection.close()
        return code


def load_or_say(target: str) -> Application | None:
    """Loads the application, or says on stderr why it cannot be loaded, last of all that is said."""
    try:
        return load(target)
    except NotLoaded as error:
        flush()
        say(str(error))
        return None


# The zygote


def text_of(message: Message, key: str) -> str:
    value = message.get(key)
    if not isinstance(value, str):
        raise Broken(f"{message.get('type')} without {key}")
    return value


def number_of(message: Message, key: str) -> int:
    value = message.get(key)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise Broken(f"{message.get('type')} without {key}")
    return int(value)


class Child:
    """A Python process as the zygote sees it."""

    def __init__(self, pid: int, pipe: int) -> None:
        self.pid = pid
        self.pipe = pipe  # the end that we read from; -1: closed
        self.end: tuple[int | None, int | None] | None = None  # code and signal, once it is over
        self.to_relay = 1 << 20  # bytes relayed after its end: what it forked may write on for ever


class Zygote:
    """Forks, relays what the Python processes print, tells of their ends, and lets none of them outlive it."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.control_open = True
        self.inbox = b""
        self.outbox = bytearray()
        self.boot: Boot | None = None
        self.children: dict[int, Child] = {}
        self.grace: float | None = None  # seconds, from `stop`
        self.kill_at: float | None = None  # on the monotonic clock; set: the end has begun
        self.killed = False
        self.code: int | None = None  # set: end at once with this code
        control.setblocking(False)
        control.set_inheritable(False)
        self.wake, self.waker = os.pipe()
        for end in (self.wake, self.waker):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self.waker, warn_on_full_buffer=False)  # numbers of signals; handlers do nothing
        ignore_what_is_not_for_us()
        signal.signal(signal.SIGCHLD, nothing)
        signal.signal(signal.SIGTERM, nothing)

    # The loop

    def run(self) -> Birth | int:
        """Runs until the end. Returns the exit code, and in a forked process its birth."""
        while self.code is None:
            if self.kill_at is not None and not self.children and not (self.outbox and self.control_open):
                return 0
            self.wait()
            self.heed_signals()
            birth = self.hear()
            if birth is not None:
                return birth
            self.reap()
            for child in list(self.children.values()):
                self.relay(child)
            self.speak()
            self.kill_overdue()
        return self.code

    def wait(self) -> None:
        """Waits for a signal, a message, output of a process, or a deadline."""
        poll = select.poll()
        poll.register(self.wake, select.POLLIN)
        if self.control_open:
            poll.register(self.control, select.POLLIN | (select.POLLOUT if self.outbox else 0))
        if self.has_room():
            for child in self.children.values():
                if child.pipe >= 0:
                    poll.register(child.pipe, select.POLLIN)
        left = None if self.kill_at is None else max(0.0, self.kill_at - time.monotonic()) * 1000 + 1
        poll.poll(1000 if self.killed else left)

    def heed_signals(self) -> None:
        try:
            if signal.SIGTERM in os.read(self.wake, 4096):
                self.end_within(TERM_GRACE if self.grace is None else self.grace)
                self.ask_to_end()
        except BlockingIOError:
            pass

    def end_within(self, grace: float) -> None:
        """Begins the end, which comes when the last Python process is over, and in `grace` seconds at the latest."""
        deadline = time.monotonic() + grace
        self.kill_at = deadline if self.kill_at is None else min(deadline, self.kill_at)

    def ask_to_end(self) -> None:
        """Lets every Python process finish what it has begun, and no more."""
        for child in self.children.values():
            if child.end is None:
                os.kill(child.pid, signal.SIGTERM)

    def kill_overdue(self) -> None:
        if self.kill_at is None or time.monotonic() < self.kill_at:
            return
        if self.killed and time.monotonic() > self.kill_at + CLOSE_GRACE:
            self.code = 0  # what even SIGKILL does not end waits for a disk; and a worker that does not listen...
        self.killed = True
        self.kill_all()

    def kill_all(self) -> None:
        for child in self.children.values():
            if child.end is None:
                kill_group(child.pid)

    # Control

    def hear(self) -> Birth | None:
        """Reads messages and does what they say. Raises Broken."""
        if not self.control_open:
            return None
        try:
            data = self.control.recv(READ_SIZE)
        except BlockingIOError:
            return None
        except ConnectionResetError:
            data = b""
        if not data:
            self.control_open = False
            self.outbox.clear()
            self.end_within(self.grace or 0)
            if self.grace:
                self.ask_to_end()
            return None
        *lines, self.inbox = (self.inbox + data).split(b"\n")
        if len(self.inbox) > FRAME_MAX:
            raise Broken("a line without an end")
        for line in lines:
            birth = self.obey(line)
            if birth is not None:
                return birth
        return None

    def obey(self, line: bytes) -> Birth | None:
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        kind = message.get("type") if isinstance(message, dict) else None
        if kind == "boot" and self.boot is None:
            self.prepare(Boot(message))
        elif kind == "fork" and self.boot is not None:
            return self.fork(self.boot, text_of(message, "token"))
        elif kind == "kill":
            self.kill(number_of(message, "pid"), number_of(message, "signal"))
        elif kind == "stop":
            self.grace = number_of(message, "graceMs") / 1000
            self.end_within(self.grace)  # processes end when the worker closes their channels
        else:
            raise Broken(repr(line[:200]))
        return None

    def prepare(self, boot: Boot) -> None:
        """Imports what all processes share, before any of them is forked."""
        boot.set_path()
        self.kernel = Kernel()
        if boot.preload:
            import gc

            boot.application = load_or_say(boot.target)
            if boot.application is None:
                self.code = EXIT_NOT_LOADED
                return
            gc.collect()
            gc.freeze()  # a collection in a process would touch, and so copy, the pages that it shares
        self.boot = boot
        self.tell({"type": "ready"})

    def kill(self, pid: int, number: int) -> None:
        """Signals a process, if it is not over: its number is ours until it is reaped."""
        child = self.children.get(pid)
        if child is None or child.end is not None:
            return
        if number == signal.SIGKILL:
            kill_group(pid)
            return
        try:
            os.kill(pid, number)
        except OSError as error:
            raise Broken(f"signal {number}: {error.strerror}") from None

    def tell(self, message: Message, raw: bytes = b"") -> None:
        if self.control_open:
            self.outbox += json.dumps(message, separators=(",", ":")).encode() + b"\n" + raw

    def speak(self) -> None:
        """Sends what waits for the worker, as far as it goes without waiting."""
        while self.outbox and self.control_open:
            try:
                sent = self.control.send(self.outbox)
            except BlockingIOError:
                return
            except (BrokenPipeError, ConnectionResetError):
                self.outbox.clear()  # `hear` will see the end
                return
            del self.outbox[:sent]

    def has_room(self) -> bool:
        return len(self.outbox) < BACKLOG

    # Python processes

    def fork(self, boot: Boot, token: str) -> Birth | None:
        """Forks a Python process. In that process it returns its birth."""
        zygote_pid = os.getpid()
        flush()
        try:
            pipe, output = os.pipe()
        except OSError as error:
            self.tell({"type": "forkFailed", "token": token, "message": str(error)})
            return None
        hold_term()  # one to the new process must wait until that has a handler of its own
        try:
            pid = os.fork()
        except OSError as error:
            os.close(pipe)
            self.tell({"type": "forkFailed", "token": token, "message": str(error)})
        else:
            if pid == 0:
                os.close(pipe)
                self.abandon()
                return Birth(boot, token, output, zygote_pid, self.kernel)
            try:
                os.setpgid(pid, pid)  # the process does so too: whoever comes first
            except OSError:
                pass
            os.set_blocking(pipe, False)
            self.children[pid] = Child(pid, pipe)
            self.tell({"type": "forked", "token": token, "pid": pid})
        os.close(output)
        let_term_pass()
        return None

    def abandon(self) -> None:
        """In a new Python process: closes what belongs to the zygote."""
        signal.set_wakeup_fd(-1)
        os.close(self.wake)
        os.close(self.waker)
        self.control.close()
        for child in self.children.values():
            if child.pipe >= 0:
                os.close(child.pipe)
        self.children.clear()

    def reap(self) -> None:
        for child in self.children.values():
            if child.end is None:
                child.end = self.reap_one(child.pid)

    def reap_one(self, pid: int) -> tuple[int | None, int | None] | None:
        """The code or signal with which a process ended. What it forked ends with it, unless it left by itself."""
        if hasattr(os, "waitid"):  # macOS before Python 3.13 has none; the number of a group is seldom used again
            seen = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if seen is None:
                return None
            if self.kill_at is not None or seen.si_code != os.CLD_EXITED:
                kill_group(pid)
        done, status = os.waitpid(pid, os.WNOHANG)
        if done == 0:
            return None
        if os.WIFSIGNALED(status):
            if not hasattr(os, "waitid"):
                kill_group(pid)
            return None, os.WTERMSIG(status)
        return os.WEXITSTATUS(status), None

    def relay(self, child: Child) -> None:
        """Relays what a process printed. When it is over, and all is relayed, tells of its end."""
        while child.pipe >= 0 and self.has_room():
            try:
                data = os.read(child.pipe, READ_SIZE)
            except BlockingIOError:
                if child.end is None:
                    return
                data = b""  # something that it forked holds the pipe open
            child.to_relay -= len(data) if child.end else 0
            if not data or child.to_relay < 0:
                os.close(child.pipe)
                child.pipe = -1
            if data:
                self.tell({"type": "output", "pid": child.pid, "bytes": len(data)}, data)
        if child.pipe < 0 and child.end is not None:
            code, number = child.end
            self.tell({"type": "exited", "pid": child.pid, "code": code, "signal": number})
            del self.children[child.pid]

    def clean_up(self) -> None:
        """Kills what is left and removes the socket. The directory is the worker's, and removed if it is empty."""
        self.kill_all()
        if self.boot is not None:
            try:
                os.unlink(self.boot.socket)
                os.rmdir(os.path.dirname(self.boot.socket))
            except OSError:
                pass


def kill_group(pid: int) -> None:
    """Kills a process that is not reaped yet, and its group."""
    for send in (os.killpg, os.kill):
        try:
            send(pid, signal.SIGKILL)
        except OSError:
            pass  # already over


def main() -> int:
    pid = os.getpid()
    zygote = Zygote(socket.socket(fileno=CONTROL_FD))
    try:
        outcome = zygote.run()
    except (Broken, OSError) as error:
        say(f"The worker or the application broke the control socket of the zygote, so it ends: {error}.")
        if os.getpid() != pid:
            leave_now(EXIT_BROKEN)  # a process just forked: what is to be cleaned up is the zygote's
        outcome = EXIT_BROKEN
    if isinstance(outcome, Birth):
        del zygote
        return outcome.live()
    zygote.clean_up()
    return outcome


if __name__ == "__main__":
    sys.exit(main())
