"""The real host: a zygote as a subprocess, with the worker's side of control and channel played by the test."""

import json
import os
import signal
import sys
import unittest

from host_under_test import (
    ANSWER,
    APPS,
    BODY,
    CREDIT,
    FAILED,
    GONE,
    HEADER,
    HINTS,
    PIECE,
    WINDOW,
    Host,
    eventually,
    gone,
    memory,
)

LINUX = sys.platform.startswith("linux")


class HostTest(unittest.TestCase):
    """One host a class; `peer` is the process of one test."""

    options = {}

    @classmethod
    def setUpClass(cls):
        cls.host = Host(**cls.options)

    @classmethod
    def tearDownClass(cls):
        cls.host.close()

    def setUp(self):
        self.peer = self.host.peer()

    def tearDown(self):
        self.peer.connection.close()
        self.assertEqual(self.code(), self.__dict__.get("expected_code", 0), self.host.output.get(self.peer.pid))
        self.assertNotIn("garbage collected without being closed", self.host.said(self.peer.pid))

    def code(self):
        exit = self.host.exited(self.peer.pid)
        return exit["code"] if exit["signal"] is None else -exit["signal"]

    def closed(self, name):
        """How often an iterable was closed, by the words of the ended process."""
        self.peer.connection.close()
        return self.host.said(self.peer.pid).count(f"closed {name}")


class AnswerTest(HostTest):
    def test_answers(self):
        for target, body in [("/hello", b"hello world"), ("/empty", b""), ("/big?60000", b"y" * 60000)]:
            answer = self.peer.get(target)
            self.assertEqual((answer.status, bytes(answer.body)), ("200 OK", body))

    def test_environ(self):
        self.peer.template(3, SCRIPT_NAME="/app", HTTP_X="\xe9", CONTENT_TYPE="a/b")
        target = "/app/show%2Denviron/%C3%A9?a=%20"
        environ = json.loads(self.peer.get(target, slot=3, method="POST", body=b"xyz").body)
        self.assertRegex(environ.pop("wsgi.input"), "InputWrapper")
        self.assertRegex(environ.pop("wsgi.errors"), "ErrorWrapper")
        self.assertRegex(environ.pop("wsgi.early_hints"), "early_hints")
        self.assertRegex(environ.pop("wsgi.file_wrapper"), "FileWrapper")
        self.assertEqual(
            environ,
            {
                "REQUEST_METHOD": "POST",
                "SCRIPT_NAME": "/app",
                "PATH_INFO": "/show-environ/\xc3\xa9",
                "QUERY_STRING": "a=%20",
                "RAW_URI": target,
                "SERVER_PROTOCOL": "HTTP/1.1",
                "SERVER_NAME": "127.0.0.1",
                "SERVER_PORT": "8000",
                "SERVER_SOFTWARE": "tsunicorn/test",
                "REMOTE_ADDR": "10.0.0.9",
                "REMOTE_PORT": "4711",
                "CONTENT_LENGTH": "3",
                "CONTENT_TYPE": "a/b",
                "HTTP_HOST": "127.0.0.1:8000",
                "HTTP_X": "\xe9",
                "wsgi.version": "(1, 0)",
                "wsgi.url_scheme": "http",
                "wsgi.multithread": "False",
                "wsgi.multiprocess": "False",
                "wsgi.run_once": "False",
                "wsgi.input_terminated": "True",
            },
        )
        environ = json.loads(self.peer.get("/show-environ", raw="http://a/show-environ").body)
        self.assertEqual((environ["RAW_URI"], environ["QUERY_STRING"]), ("http://a/show-environ", ""))
        self.assertNotIn("CONTENT_LENGTH", environ)

    def test_a_template_is_replaced_in_order(self):
        peer = self.peer
        peer.template(0, HTTP_X="1")
        first = peer.request("/show-environ")
        peer.template(0, HTTP_X="2")
        second = peer.request("/show-environ")
        self.assertEqual([json.loads(peer.answer(id).body)["HTTP_X"] for id in (first, second)], ["1", "2"])

    def test_pieces_go_out_when_they_are_there(self):
        peer = self.peer
        id = peer.request("/gated", method="POST", more=True)
        peer.until(lambda: bytes(peer.answers[id].body) == b"ready")
        self.assertFalse(peer.answers[id].done)
        peer.send(BODY, id=id, payload=b"go\n", flags=1)
        self.assertEqual(bytes(peer.answer(id).body), b"readygo\n")

    def test_iterables(self):
        for target, body, frames in [
            ("/pieces", b"onetwo", [ANSWER, PIECE, PIECE]),
            ("/sized-pieces", b"one", [ANSWER]),
            ("/too-much", b"xxx", [ANSWER]),
            ("/write", b"onetwothree", [ANSWER, PIECE, PIECE, PIECE]),
        ]:
            with self.subTest(target):
                answer = self.peer.get(target)
                self.assertEqual((bytes(answer.body), answer.frames), (body, frames))
        closed = json.loads(self.peer.get("/counts").body)
        self.assertEqual(closed, {"pieces": 1, "sized": 1, "too-much": 1})

    def test_a_large_answer_needs_credit_and_comes_in_pieces(self):
        peer = self.peer
        peer.credit_at_once = False
        id = peer.request("/big?1000000")
        answer = peer.answers[id]
        peer.until(lambda: len(answer.body) == WINDOW)
        for more in (1, 100_000, 1_000_000):
            before = len(answer.body)
            peer.send(CREDIT, id=id, aux=more)
            peer.until(lambda: len(answer.body) >= min(before + more, 1_000_000))
            self.assertEqual(len(answer.body), min(before + more, 1_000_000))
        self.assertTrue(peer.answer(id).done)

    @unittest.skipUnless(LINUX, "reads /proc")
    def test_a_slow_reader_costs_no_memory(self):
        peer = self.peer
        before = memory(peer.pid)
        id = peer.request("/download?1024")
        answer, total, most = peer.answers[id], 0, 0
        while not answer.done:
            peer.step()
            total += len(answer.body)
            answer.body.clear()
            most = max(most, memory(peer.pid))
        self.assertEqual(total, 64 << 20)
        self.assertLess(most - before, 4 << 20)

    def test_hints(self):
        answer = self.peer.get("/hints")
        self.assertEqual(answer.hints, ["Link: </a.css>; rel=preload\nLink: </b.css>; rel=preload"])
        self.assertEqual(answer.frames[0], HINTS)

    def test_head_sends_no_body(self):
        for target, length in [("/hello", None), ("/download?2", None), ("/sized-pieces", "3")]:
            answer = self.peer.get(target, method="HEAD")
            self.assertEqual((answer.body, dict(answer.headers).get("Content-Length")), (b"", length), target)


class UncheckedTest(HostTest):
    """Without the validator, which hides lists and refuses some of this itself."""

    options = {"target": "applications:application"}

    def test_lists_are_one_frame_with_their_length(self):
        for target, body in [
            ("/hello", b"hello world"),
            ("/empty", b""),
            ("/listed", b"onetwo"),
            ("/big?200000", b"y" * 200_000),
        ]:
            with self.subTest(target):
                answer = self.peer.get(target)
                self.assertEqual((answer.frames, bytes(answer.body)), ([ANSWER], body))
                self.assertEqual(answer.headers[1:], [("Content-Length", str(len(body)))])

    def test_no_length_where_there_is_no_body(self):
        self.assertEqual(self.peer.get("/no-content").head, "204 No Content")
        self.assertNotIn("Content-Length", self.peer.get("/empty", method="HEAD").head)
        answer = self.peer.get("/hello", method="HEAD")
        self.assertEqual((answer.headers[1], answer.body, answer.frames), (("Content-Length", "11"), b"", [ANSWER]))

    def test_the_iterator_of_a_list_ends_with_its_last_piece(self):
        answer = self.peer.get("/list-iterator")
        self.assertEqual((answer.frames, bytes(answer.body)), ([ANSWER, PIECE], b"onetwo"))

    def test_start_response_with_the_first_piece(self):
        answer = self.peer.get("/late-start")
        self.assertEqual((answer.frames, bytes(answer.body)), ([ANSWER, PIECE], b"late"))

    def test_what_is_written_whole_ends_once(self):
        for _ in range(2):  # a second end would fail the test
            self.assertEqual(bytes(self.peer.get("/write-whole").body), b"whole")

    def test_files(self):
        path = os.path.join(APPS, "applications.py")
        with open(path, "rb") as file:
            content = file.read()
        answer = self.peer.get(f"/file?{path}")
        self.assertEqual((bytes(answer.body), answer.frames), (content, [ANSWER, PIECE]))

    def test_failures(self):
        for target, last, frames in [
            ("/raise-before", "RuntimeError: before the head: \u20ac", [FAILED]),
            ("/raise-after-start", "RuntimeError: after start_response", [FAILED]),
            ("/raise-in-middle", "RuntimeError: in the middle", [ANSWER, FAILED]),
            ("/str-piece", "TypeError: .*bytes; a piece is str .encode it.", [FAILED]),
            ("/none", "TypeError: .*must return an iterable of bytes.*NoneType", [FAILED]),
            ("/bare-bytes", "TypeError: .*must return an iterable of bytes.*not bytes", [FAILED]),
            ("/no-start", "AssertionError: .*did not call start_response", [FAILED]),
            ("/twice", "AssertionError: start_response was called twice", [FAILED]),
            ("/exc-info-late", "ValueError: too late", [ANSWER, FAILED]),
            ("/no-such-view", "KeyError: 'no_such_view'", [FAILED]),
            ("/head-as-asked?head=[2,[]]", "TypeError: .*status", [FAILED]),
            ('/head-as-asked?head=["200 OK",[["Upgrade","x"]]]', "ValueError: upgrade is a hop-by-hop", [FAILED]),
        ]:
            with self.subTest(target):
                answer = self.peer.get(target)
                self.assertEqual(answer.frames, frames)
                self.assertRegex(answer.failed.splitlines()[-1], "^" + last)
                self.assertNotIn("host.py", answer.failed)
        self.assertEqual(self.peer.get("/exc-info").status, "500 Replaced")
        closed = json.loads(self.peer.get("/counts").body)
        self.assertEqual(closed, {"middle": 1, "str": 1, "no-start": 1})

    def test_a_failure_behind_the_end_is_printed(self):
        answer = self.peer.get("/raise-in-close")
        self.assertEqual(
            (answer.status, bytes(answer.body), answer.failed.splitlines()[-1] if answer.failed else None),
            (
                "200 OK",
                b"whole",
                None,
            ),
        )
        self.assertIn("RuntimeError: in close", self.host.printed(self.peer.pid, "in close"))
        self.assertEqual(json.loads(self.peer.get("/counts").body), {"bad-close": 1})

    def test_exit_in_a_request(self):
        self.expected_code = 7
        id = self.peer.request("/leave?7")
        behind = self.peer.request("/hello")
        self.assertIn("SystemExit: 7", self.peer.answer(id).failed)
        self.assertFalse(self.peer.until(lambda: self.peer.answers[behind].done))

    def test_interrupt_in_a_request(self):
        self.expected_code = 130
        self.assertIn("KeyboardInterrupt", self.peer.get("/interrupt").failed)

    def test_signals(self):
        self.assertEqual(bytes(self.peer.get("/own-handler").body), b"[False, False, False, False, False, True]")


class BodyTest(HostTest):
    def test_whole_bodies(self):
        self.assertEqual(bytes(self.peer.get("/echo", method="POST", body=b"a" * 70_000).body), b"a" * 70_000)
        self.assertEqual(
            bytes(self.peer.get("/lines", method="POST", body=b"a\nb\nc").body), b"(b'a\\n', [b'b\\n', b'c'])"
        )

    def test_a_body_in_pieces(self):
        peer = self.peer
        id = peer.request("/lines", method="POST", body=b"a", more=True)
        for piece in (b"b\nc", b"", b"\nd"):
            peer.send(BODY, id=id, payload=piece)
        peer.send(BODY, id=id, flags=1)
        self.assertEqual(bytes(peer.answer(id).body), b"(b'ab\\n', [b'c\\n', b'd'])")

    def test_an_upload_flows_as_it_is_taken(self):
        peer = self.peer
        size, sent = 8 << 20, 0
        id = peer.request("/upload", method="POST", more=True)
        while sent < size:
            allowed = WINDOW + peer.wanted.get(id, 0) - sent
            if allowed >= 65536:
                peer.send(BODY, id=id, payload=b"u" * 65536)
                sent += 65536
            else:
                self.assertIsNotNone(peer.step())
        peer.send(BODY, id=id, flags=1)
        self.assertEqual(bytes(peer.answer(id).body), str(size).encode())
        self.assertLessEqual(peer.wanted[id], size)

    def test_a_body_that_nobody_reads(self):
        peer = self.peer
        id = peer.request("/no-body-read", method="POST", body=b"a", more=True)
        self.assertEqual(bytes(peer.answer(id).body), b"not read")
        peer.send(BODY, id=id, payload=b"more")
        peer.send(BODY, id=id, flags=1)
        self.assertEqual(bytes(peer.get("/hello").body), b"hello world")

    def test_pieces_for_a_request_that_waits(self):
        peer = self.peer
        first = peer.request("/slow", method="POST", more=True)
        second = peer.request("/echo", method="POST", body=b"a", more=True, length="3")
        peer.send(BODY, id=second, payload=b"bc", flags=1)
        peer.send(BODY, id=first, payload=b"go\n", flags=1)
        self.assertEqual(bytes(peer.answer(second).body), b"abc")
        self.assertEqual(bytes(peer.answers[first].body), b"slow go\n")


class GoneTest(HostTest):
    def test_an_endless_answer_ends(self):
        for take in (1, 20, 400):  # while it streams, and while it waits for credit
            with self.subTest(take):
                peer = self.peer
                peer.credit_at_once = take == 20
                id = peer.request("/forever")
                for _ in range(take if take != 400 else 262):
                    peer.step()
                peer.send(GONE, id=id)
                self.assertEqual(bytes(peer.get("/hello").body), b"hello world")
                peer.answers.pop(id)
        self.assertEqual(json.loads(self.peer.get("/counts").body), {"forever": 3})
        self.assertEqual(self.closed("forever"), 3)

    def test_a_request_that_waits_is_forgotten(self):
        peer = self.peer
        first = peer.request("/slow", method="POST", more=True)
        second = peer.request("/print-and-exit")
        peer.send(GONE, id=second)
        peer.send(GONE, id=4711)
        peer.send(CREDIT, id=4711, aux=1)
        peer.send(BODY, id=first, payload=b"go\n", flags=1)
        self.assertEqual(bytes(peer.answer(first).body), b"slow go\n")
        self.assertEqual(bytes(peer.get("/hello").body), b"hello world")
        self.assertEqual(peer.answers[second].frames, [FAILED])  # so the worker knows that it is over

    def test_reading_the_body_fails(self):
        peer = self.peer
        id = peer.request("/body-error", method="POST", more=True)
        self.host.printed(peer.pid, "reading")
        peer.send(GONE, id=id)
        self.assertIn("The client is gone", self.host.printed(peer.pid, "reading failed"))
        self.assertEqual(bytes(peer.get("/hello").body), b"hello world")
        self.assertEqual((peer.answers[id].frames, peer.answers[id].failed), ([FAILED], ""))

    def test_the_end_of_the_channel_closes_what_is_in_progress(self):
        id = self.peer.request("/forever")
        self.peer.until(lambda: self.peer.answers[id].head is not None)
        self.assertEqual(self.closed("forever"), 1)


class EndTest(HostTest):
    """How Python processes end."""

    options = {"target": "applications:application"}

    def test_last_words(self):
        self.expected_code = 5
        self.assertIsNone(self.peer.answer(self.peer.request("/print-and-exit")).head)
        said = self.host.said(self.peer.pid)
        self.assertIn("last words, with \u20ac", said)
        self.assertIn("and an error", said)

    def test_crash(self):
        self.expected_code = -signal.SIGSEGV
        self.peer.answer(self.peer.request("/crash"))
        said = self.host.said(self.peer.pid)
        self.assertIn("about to crash", said)
        self.assertRegex(said, r'(?s)Segmentation fault.*File ".*applications.py", line \d+ in crash')

    def test_abort_shows_where_it_hangs(self):
        for view in ("hang", "hang-without-end"):
            with self.subTest(view):
                self.setUp()
                self.expected_code = -signal.SIGABRT
                self.peer.request(f"/{view}")
                self.host.printed(self.peer.pid, "ing\n")
                self.host.tell(type="kill", pid=self.peer.pid, signal=6)
                self.assertIn(f"in {view.replace('-', '_')}\n", self.host.said(self.peer.pid))
                self.assertEqual(self.code(), -signal.SIGABRT)

    def test_kill_of_one_that_is_stopped(self):
        self.expected_code = -signal.SIGKILL
        os.kill(self.peer.pid, signal.SIGSTOP)
        self.host.tell(type="kill", pid=self.peer.pid, signal=6)
        self.host.tell(type="kill", pid=self.peer.pid, signal=9)
        self.assertEqual(self.code(), -signal.SIGKILL)

    def test_kill_takes_what_the_application_forked(self):
        self.expected_code = -signal.SIGKILL
        forked = int(self.peer.get("/fork-and-stay").body)
        self.host.tell(type="kill", pid=self.peer.pid, signal=9)
        self.host.exited(self.peer.pid)
        eventually(lambda: gone(forked))

    def test_a_death_by_a_signal_takes_what_the_application_forked(self):
        self.expected_code = -signal.SIGSEGV
        forked = int(self.peer.get("/fork-and-stay").body)
        os.kill(self.peer.pid, signal.SIGSEGV)
        self.host.exited(self.peer.pid)
        eventually(lambda: gone(forked))

    def test_leaving_spares_what_the_application_forked(self):
        forked = int(self.peer.get("/fork-and-stay").body)
        self.peer.connection.close()
        self.host.exited(self.peer.pid)
        self.assertFalse(gone(forked))
        os.kill(forked, signal.SIGKILL)

    def test_term_ends_an_idle_process(self):
        self.peer.get("/hello")
        self.host.tell(type="kill", pid=self.peer.pid, signal=15)
        self.assertEqual(self.code(), 0)

    def test_term_lets_the_request_in_progress_finish(self):
        id = self.peer.request("/slow", method="POST", more=True)
        behind = self.peer.request("/hello")
        self.host.printed(self.peer.pid, "begun")
        self.host.tell(type="kill", pid=self.peer.pid, signal=15)
        self.host.tell(type="kill", pid=self.peer.pid, signal=int(signal.SIGHUP))
        self.host.peer("bb").connection.close()  # so the signals were sent before the rest of the body is
        self.peer.send(BODY, id=id, payload=b"end\n", flags=1)
        self.assertEqual(bytes(self.peer.answer(id).body), b"slow end\n")
        self.assertFalse(self.peer.until(lambda: self.peer.answers[behind].done))
        self.assertTrue(self.peer.left)

    def test_closed_descriptors(self):
        self.expected_code = 70
        self.peer.answer(self.peer.request("/close-descriptors"))
        self.assertTrue(self.peer.ended)

    def test_broken_frames(self):
        for name, send in [
            ("kind", lambda peer: peer.send(99)),
            ("size", lambda peer: peer.connection.sendall(HEADER.pack(2 << 20, BODY, 0, 0, 1, 0))),
            ("slot", lambda peer: peer.request("/hello", slot=7)),
            ("slot of a template", lambda peer: peer.send(1, slot=256, payload=b"{}")),
            ("template", lambda peer: peer.send(1, payload=b"[")),
            ("fields", lambda peer: peer.send(2, id=1, aux=3, payload=b"GET")),
            ("head", lambda peer: peer.send(2, id=1, aux=30, payload=b"GET")),
            ("noise", lambda peer: peer.connection.sendall(os.urandom(1 << 16))),
        ]:
            with self.subTest(name):
                self.setUp()
                self.expected_code = 70
                try:
                    send(self.peer)
                except OSError:
                    pass  # it was quick
                self.assertIn("cannot understand", self.host.said(self.peer.pid))
                self.assertEqual(self.code(), 70)

    def test_a_process_is_busy_until_the_application_has_returned(self):
        listed, closing = self.peer.get("/listed"), self.peer.get("/sized-pieces")
        self.assertFalse(listed.busy)
        self.assertTrue(closing.busy)
        self.assertTrue(self.peer.until(lambda: not closing.busy))

    def test_sleep_in_close_keeps_its_client_not_waiting_and_the_process_busy(self):
        self.expected_code = -signal.SIGKILL
        self.assertEqual(bytes(self.peer.get("/sleep-in-close").body), b"whole")
        self.assertTrue(self.peer.answers[1].busy)
        self.host.printed(self.peer.pid, "closing")
        self.host.tell(type="kill", pid=self.peer.pid, signal=9)

    def test_much_output(self):
        id = self.peer.request("/print-much")
        self.host.printed(self.peer.pid, "e" * 1023)
        while len(self.host.output[self.peer.pid]) < 1 << 20:
            self.host.hear()
        self.assertEqual(bytes(self.peer.answer(id).body), b"printed")
        self.assertEqual(self.host.output[self.peer.pid], (b"e" * 1023 + b"\n") * 1024)


class ForkTest(HostTest):
    """What an application forks must not answer."""

    options = {"target": "applications:application"}

    def test_a_forked_process_that_returns(self):
        peer = self.peer
        child = int(peer.get("/fork-and-return").body)
        eventually(lambda: gone(child))
        self.assertEqual(bytes(peer.get("/hello").body), b"hello world")

    def test_a_forked_process_that_raises(self):
        self.assertEqual(bytes(self.peer.get("/fork-and-raise").body), b"hello world")
        self.assertIn("RuntimeError: in the forked process", self.host.printed(self.peer.pid, "RuntimeError"))

    def test_a_forked_process_that_streams(self):
        self.assertEqual(bytes(self.peer.get("/fork-and-stream").body), b"onetwo")

    def test_a_forked_process_can_be_terminated(self):
        self.assertEqual(bytes(self.peer.get("/terminate-forked").body), b"{-15}")


class ThreadsTest(HostTest):
    options = {"target": "applications:application", "threads": 2}

    def test_two_at_once_and_no_third(self):
        peer = self.peer
        slow = [peer.request("/slow", method="POST", more=True) for _ in range(2)]
        third = peer.request("/hello")
        while self.host.output.get(peer.pid, b"").count(b"begun") < 2:
            self.host.hear()
        self.assertEqual(peer.answers[third].frames, [])
        peer.send(BODY, id=slow[1], payload=b"2\n", flags=1)
        self.assertEqual(bytes(peer.answer(slow[1]).body), b"slow 2\n")
        self.assertEqual(bytes(peer.answer(third).body), b"hello world")
        peer.send(BODY, id=slow[0], payload=b"1\n", flags=1)
        self.assertEqual(bytes(peer.answer(slow[0]).body), b"slow 1\n")

    def test_they_run_at_once(self):
        ids = [self.peer.request("/meet") for _ in range(2)]
        self.assertEqual([bytes(self.peer.answer(id).body) for id in ids], [b"met", b"met"])
        self.assertEqual(json.loads(self.peer.get("/show-environ").body)["wsgi.multithread"], "True")

    def test_streams_with_credit_side_by_side(self):
        ids = [self.peer.request("/download?64") for _ in range(4)]
        for id in ids:
            self.assertEqual(len(self.peer.answer(id).body), 64 * 65536)

    def test_gone(self):
        peer = self.peer
        peer.credit_at_once = False
        ids = [peer.request("/forever") for _ in range(2)]
        peer.until(lambda: all(peer.answers[id].head for id in ids))
        waiting = peer.request("/print-and-exit")
        for id in (waiting, *ids):
            peer.send(GONE, id=id)
        self.assertEqual(bytes(peer.get("/hello").body), b"hello world")
        while self.host.output.get(peer.pid, b"").count(b"closed forever") < 2:
            self.host.hear()
        self.assertEqual(json.loads(peer.get("/counts").body), {"forever": 2})

    def test_the_end_of_the_channel_closes_what_is_in_progress(self):
        ids = [self.peer.request("/forever") for _ in range(2)]
        self.peer.until(lambda: all(self.peer.answers[id].head for id in ids))
        self.assertEqual(self.closed("forever"), 2)

    def test_term_idle(self):
        self.peer.get("/hello")
        self.host.tell(type="kill", pid=self.peer.pid, signal=15)
        self.assertEqual(self.code(), 0)

    def test_term_busy(self):
        id = self.peer.request("/slow", method="POST", more=True)
        self.host.printed(self.peer.pid, "begun")
        self.host.tell(type="kill", pid=self.peer.pid, signal=15)
        self.peer.send(BODY, id=id, payload=b"end\n", flags=1)
        self.assertEqual(bytes(self.peer.answer(id).body), b"slow end\n")
        self.assertEqual(self.code(), 0)

    def test_term_leaves_what_is_not_begun_to_others(self):
        ids = [self.peer.request("/slow", method="POST", more=True) for _ in range(2)]
        behind = self.peer.request("/hello")
        while self.host.output.get(self.peer.pid, b"").count(b"begun") < 2:
            self.host.hear()
        self.host.tell(type="kill", pid=self.peer.pid, signal=15)
        self.host.peer("bb").connection.close()  # so the signal was sent before the rest of the bodies is
        for id in ids:
            self.peer.send(BODY, id=id, payload=b"end\n", flags=1)
        self.assertFalse(self.peer.until(lambda: self.peer.answers[behind].done))
        self.assertEqual([bytes(self.peer.answers[id].body) for id in ids], [b"slow end\n"] * 2)
        self.assertEqual(self.peer.answers[behind].frames, [])
        self.assertTrue(self.peer.left)

    def test_exit_in_a_request(self):
        self.expected_code = 7
        self.assertIn("SystemExit: 7", self.peer.get("/leave?7").failed)
        self.assertEqual(self.code(), 7)

    def test_fork(self):
        child = int(self.peer.get("/fork-and-return").body)
        eventually(lambda: gone(child))
        self.assertEqual(bytes(self.peer.get("/fork-and-stream").body), b"onetwo")

    def test_closed_descriptors(self):
        self.expected_code = 70
        self.peer.answer(self.peer.request("/close-descriptors"))
        self.assertEqual(self.code(), 70)

    def test_abort_shows_all_threads(self):
        self.expected_code = -signal.SIGABRT
        self.peer.request("/hang")
        self.host.printed(self.peer.pid, "hanging")
        self.host.tell(type="kill", pid=self.peer.pid, signal=6)
        self.assertRegex(self.host.said(self.peer.pid), r"(?s)in hang\n.*hread 0x.* in serve\n")


if __name__ == "__main__":
    unittest.main()
