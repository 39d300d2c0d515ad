"""The pure pieces of the host: targets, heads, environ."""

import io
import os
import sys
import unittest

from host_under_test import APPS, import_host

host = import_host()


class LoadTest(unittest.TestCase):
    """load"""

    def setUp(self):
        sys.path.insert(0, APPS)
        self.addCleanup(sys.path.remove, APPS)

    def answer(self, target):
        return b"".join(host.load(target)({}, lambda *_: None))

    def refusal(self, target):
        with self.assertRaises(host.NotLoaded) as caught:
            host.load(target)
        return str(caught.exception)

    def test_names(self):
        for target, answer in [
            ("targets", b"application"),
            ("package.second", b"app"),
            ("targets:application", b"application"),
            ("targets:inner.app", b"application"),
            ("targets:create('a')", b"a 1"),
            ("targets:create('a', key={'b': [1, None]})", b"a {'b': [1, None]}"),
        ]:
            with self.subTest(target):
                self.assertEqual(self.answer(target), answer)

    def test_refusals(self):
        for target, *parts in [
            (
                "target",
                'no module "target"',
                APPS,
                'Did you mean "targets"?',
                "chdir",
                "pythonPath",
                "virtual environment",
            ),
            ("package.nothing", 'no module "package.nothing"'),
            ("nowhere.at.all:app", 'no module "nowhere.at.all"'),
            ("targets.py:application", 'Write "targets"'),
            ("", "does not begin with the name of a module"),
            ("targets:nothing", 'has no "nothing"', "application, create", '"targets:application"'),
            ("targets:inner.nothing", 'has no "inner.nothing"'),
            ("package", 'no "application" and no "app"', "no callable at all"),
            ("targets:number", "int, which is not callable"),
            ("targets:number()", "int, which cannot be called as a factory"),
            ("targets:no_application()", "returned int, not an application"),
            ("targets:create(os)", "must be literals"),
            ("targets:create(**{})", "must be literals"),
            ("targets:1 + 1", "must be a name"),
            ("targets:a b", "must be a name"),
            ("targets:", "must be a name"),
            ("targets:needs_an_argument()", "needs_an_argument() missing 1 required positional argument"),
            ("exits", "called sys.exit(0)", "exits.py", "__main__"),
            ("exits_with_text", "called sys.exit('no settings')"),
        ]:
            with self.subTest(target):
                text = self.refusal(target)
                for part in parts:
                    self.assertIn(part, text)

    def test_a_traceback_has_only_frames_of_the_application(self):
        text = self.refusal("imports_broken")
        self.assertIn("package/broken.py", text)
        self.assertIn("No module named 'not_there_at_all'", text.splitlines()[-1])
        self.assertNotIn("host.py", text)
        self.assertNotIn("importlib", text)
        syntax = self.refusal("bad_syntax")
        self.assertIn("bad_syntax.py", syntax)
        self.assertIn("SyntaxError", syntax.splitlines()[-1])
        self.assertNotIn("host.py", syntax)


class MakeHeadTest(unittest.TestCase):
    """make_head"""

    def test_heads(self):
        head = host.make_head("200 OK", (("A", "b"), ("content-length", "12")))
        self.assertEqual((head.text, head.length, head.bare), (b"200 OK\nA: b\ncontent-length: 12", 12, False))
        self.assertEqual(host.make_head("404", ()).text, b"404 ")
        self.assertTrue(host.make_head("304 Not Modified", ()).bare)
        self.assertEqual(host.make_head("200 \xe9", (("A", "\xff\t"),)).text, b"200 \xe9\nA: \xff\t")

    def test_refusals(self):
        for error, status, *headers in [
            (TypeError, b"200 OK"),
            (TypeError, 200),
            (ValueError, "OK"),
            (ValueError, "20 OK"),
            (ValueError, "101 Switching Protocols"),
            (ValueError, "200 OK\r\nA: b"),
            (ValueError, "200 OK\n"),
            (ValueError, "200 \u20ac"),
            (TypeError, "200 OK", ["A", "b"]),
            (TypeError, "200 OK", ("A", "b", "c")),
            (TypeError, "200 OK", ("A", 1)),
            (TypeError, "200 OK", (b"A", b"b")),
            (ValueError, "200 OK", ("A B", "c")),
            (ValueError, "200 OK", ("A:", "c")),
            (ValueError, "200 OK", ("A\n", "c")),
            (ValueError, "200 OK", ("", "c")),
            (ValueError, "200 OK", ("A", "b\nC: d")),
            (ValueError, "200 OK", ("A", "b\r")),
            (ValueError, "200 OK", ("A", "\0")),
            (ValueError, "200 OK", ("A", "\u20ac")),
            (ValueError, "200 OK", ("Connection", "close")),
            (ValueError, "200 OK", ("transfer-encoding", "chunked")),
            (ValueError, "200 OK", ("Content-Length", "-1")),
            (ValueError, "200 OK", ("Content-Length", "\xb2")),
            (ValueError, "200 OK", ("Content-Length", "1"), ("Content-Length", "2")),
            (ValueError, "200 OK", ("A", "b" * 300_000)),
        ]:
            with self.subTest(f"{status} {headers}"[:80]), self.assertRaises(error):
                host.make_head(status, tuple(headers))

    def test_known_heads_are_bounded_and_checked_once(self):
        heads = host.Heads()
        first = heads.get("200 OK", [("A", "b")])
        self.assertIs(heads.get("200 OK", [("A", "b")]), first)
        for number in range(1000):
            heads.get("200 OK", [("A", str(number))])
        self.assertLessEqual(len(heads.known), host.Heads.LIMIT)
        with self.assertRaises(TypeError):
            heads.get("200 OK", [["A", "b"]])


class EnvironTest(unittest.TestCase):
    """Exchange.environ"""

    def environ(self, target, script_name=""):
        fields = ["GET", target, "", "HTTP/1.1", "10.0.0.9", "4711", ""]
        return host.Exchange(None, 1, {"SCRIPT_NAME": script_name}, fields, b"").environ()

    def test_paths(self):
        for target, script_name, expected in [
            ("/", "", ("", "/", "")),
            ("/a%20b?c=%20", "", ("", "/a b", "c=%20")),
            ("/%C3%A9\xe9", "", ("", "/\xc3\xa9\xe9", "")),
            ("/a%zz%2", "", ("", "/a%zz%2", "")),
            ("/a?b?c", "", ("", "/a", "b?c")),
            ("/app/x", "/app", ("/app", "/x", "")),
            ("/app", "/app", ("/app", "", "")),
            ("/apple", "/app", ("", "/apple", "")),
            ("/a%70p/%2541", "/app", ("/app", "/%41", "")),
            ("/other", "/app", ("", "/other", "")),
            ("*", "", ("", "*", "")),
        ]:
            with self.subTest(f"{target} {script_name}"):
                environ = self.environ(target, script_name)
                self.assertEqual((environ["SCRIPT_NAME"], environ["PATH_INFO"], environ["QUERY_STRING"]), expected)
                self.assertEqual(environ["RAW_URI"], target)
                self.assertNotIn("CONTENT_LENGTH", environ)


class FileWrapperTest(unittest.TestCase):
    """FileWrapper"""

    def test_blocks_and_close(self):
        file = io.BytesIO(b"abcde")
        wrapper = host.FileWrapper(file, 2)
        self.assertEqual(list(wrapper.in_large_blocks()), [b"ab", b"cd", b"e"])
        wrapper.close()
        self.assertTrue(file.closed)

    def test_no_close_without_one(self):
        class Readable:
            def read(self, size):
                return b""

        self.assertFalse(hasattr(host.FileWrapper(Readable()), "close"))

    def test_regular_files_come_in_large_blocks(self):
        with open(__file__, "rb") as file:
            self.assertEqual(len(list(host.FileWrapper(file, 10).in_large_blocks())), 1)
        reader, writer = os.pipe()
        os.close(writer)
        with open(reader, "rb") as file:
            self.assertEqual(host.FileWrapper(file, 10).in_large_blocks().blksize, 10)


if __name__ == "__main__":
    unittest.main()
