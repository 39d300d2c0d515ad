"""The zygote: forks, relays, tells of ends, and leaves nothing behind."""

import json
import os
import select
import signal
import sys
import unittest

from host_under_test import APPS, Host, eventually, gone, memory

LINUX = sys.platform.startswith("linux")
UNCHECKED = "applications:application"


class BootTest(unittest.TestCase):
    def test_a_process_has_its_own_surroundings(self):
        with Host(UNCHECKED) as host:
            first, second = host.peer("a1"), host.peer("b2")
            self.assertEqual([first.hello["token"], second.hello["token"]], ["a1", "b2"])
            self.assertEqual([first.hello["pid"], second.hello["pid"]], [first.pid, second.pid])
            facts = json.loads(second.get("/surroundings").body)
            self.assertEqual(facts["path"][0], APPS)
            self.assertFalse([place for place in facts["path"] if place.endswith("interfaces/wsgi")])
            self.assertEqual(len(facts["argv"]), 1)
            self.assertEqual((facts["group"], facts["imported"]), (second.pid, second.pid))
            self.assertEqual(facts["parent"], host.process.pid)
            if LINUX:
                kinds = [facts["fds"][str(number)] for number in (0, 1, 2)]
                self.assertEqual(kinds, ["/dev/null", "pipe", "pipe"])
                rest = [kind for number, kind in facts["fds"].items() if int(number) > 2]
                self.assertEqual(rest, ["socket"])
            host.printed(second.pid, "through /dev/stderr")
            self.assertEqual(host.output.get(first.pid), None)

    def test_preload(self):
        with Host(UNCHECKED, preload=True) as host:
            peers = [host.peer(), host.peer()]
            for peer in peers:
                self.assertEqual(json.loads(peer.get("/surroundings").body)["imported"], host.process.pid)
            self.assertEqual(host.messages[0]["type"], "ready")

    def test_an_application_that_cannot_be_loaded(self):
        for target, last in [
            ("imports_broken", "ModuleNotFoundError: "),
            ("nowhere", "There is no module"),
            ("exits", ""),
        ]:
            with self.subTest(target), Host(target) as host:
                pid = host.fork()
                self.assertEqual(host.exited(pid)["code"], 3)
                self.assertIn(last, host.said(pid).splitlines()[-1])
            with self.subTest(f"{target}, preload"), Host(target, preload=True) as host:
                self.assertEqual(host.wait(), 3)
                self.assertIn(last, host.log.read().decode().splitlines()[-1])
                self.assertEqual(host.control.recv(1), b"")

    @unittest.skipUnless(LINUX, "prlimit")
    def test_a_fork_that_fails(self):
        import resource

        with Host(UNCHECKED) as host:
            host.expect("ready")
            resource.prlimit(host.process.pid, resource.RLIMIT_NOFILE, (4, 50))
            host.tell(type="fork", token="a1")
            message = host.expect("forkFailed")
            self.assertEqual(message["token"], "a1")
            self.assertIn("Too many open files", message["message"])
            resource.prlimit(host.process.pid, resource.RLIMIT_NOFILE, (50, 50))
            self.assertEqual(bytes(host.peer().get("/hello").body), b"hello world")

    def test_no_socket_to_connect_to(self):
        with Host(UNCHECKED) as host:
            os.unlink(host.path)
            pid = host.fork()
            self.assertEqual(host.exited(pid)["code"], 70)
            self.assertIn("Cannot connect to the worker", host.said(pid))


class OutputTest(unittest.TestCase):
    @unittest.skipUnless(LINUX, "reads /proc")
    def test_a_worker_that_does_not_listen_stops_the_flood(self):
        with Host(UNCHECKED) as host:
            peer = host.peer()
            before = memory(host.process.pid)
            peer.request("/flood")
            eventually(lambda: select.select([host.control], [], [], 0)[0])
            # Both are asleep at last: the process waits for its pipe, the zygote for the worker
            with open(f"/proc/{peer.pid}/wchan") as file:
                file.read()
            eventually(lambda: state(peer.pid) == "S" and state(host.process.pid) == "S")
            self.assertLess(memory(host.process.pid) - before, 2 << 20)
            host.tell(type="kill", pid=peer.pid, signal=9)
            self.assertEqual(host.exited(peer.pid)["signal"], 9)
            self.assertEqual(set(host.output[peer.pid]), {ord("g")})

    def test_what_the_application_forked_cannot_hold_the_end_up(self):
        for view in ("fork-and-stay", "write-for-ever"):
            with self.subTest(view), Host(UNCHECKED) as host:
                peer = host.peer()
                forked = int(peer.get(f"/{view}").body)
                peer.connection.close()
                self.assertEqual(host.exited(peer.pid)["code"], 0)
                os.kill(forked, signal.SIGKILL)


class EndTest(unittest.TestCase):
    def busy(self, host):
        """A process that hangs, and what it forked."""
        peer = host.peer()
        forked = int(peer.get("/fork-and-stay").body)
        peer.request("/hang")
        host.printed(peer.pid, "hanging")
        return peer, forked

    def test_the_end_of_control_leaves_nothing(self):
        with Host(UNCHECKED) as host:
            peer, forked = self.busy(host)
            host.control.close()
            self.assertEqual(host.wait(), 0)
            self.assertFalse(os.path.exists(host.folder))
            eventually(lambda: gone(peer.pid) and gone(forked))

    def test_a_directory_that_is_not_empty_stays(self):
        with Host(UNCHECKED) as host:
            open(os.path.join(host.folder, "other"), "w").close()
            host.control.close()
            self.assertEqual(host.wait(), 0)
            self.assertEqual(os.listdir(host.folder), ["other"])

    def test_stop_lets_requests_finish(self):
        with Host(UNCHECKED) as host:
            idle, peer = host.peer(), host.peer()
            id = peer.request("/slow", method="POST", more=True)
            host.printed(peer.pid, "begun")
            host.tell(type="stop", graceMs=20_000)
            self.assertEqual(bytes(idle.get("/hello").body), b"hello world")  # until its channel is closed
            idle.connection.close()
            self.assertEqual(host.exited(idle.pid)["code"], 0)
            host.control.close()
            peer.send(3, id=id, payload=b"end\n", flags=1)
            self.assertEqual(bytes(peer.answer(id).body), b"slow end\n")
            self.assertEqual(host.wait(), 0)
            self.assertFalse(os.path.exists(host.folder))

    def test_stop_kills_when_the_grace_is_over(self):
        with Host(UNCHECKED) as host:
            peer, forked = self.busy(host)
            host.tell(type="stop", graceMs=50)
            self.assertEqual(host.exited(peer.pid)["signal"], 9)
            self.assertEqual(host.wait(), 0)
            eventually(lambda: gone(forked))

    def test_term_is_a_stop(self):
        with Host(UNCHECKED) as host:
            peer = host.peer()
            os.kill(host.process.pid, signal.SIGTERM)
            self.assertEqual(host.exited(peer.pid)["code"], 0)
            self.assertEqual(host.wait(), 0)

    def test_signals_of_a_terminal_are_nothing(self):
        with Host(UNCHECKED) as host:
            peer = host.peer()
            for name in "SIGINT SIGHUP SIGUSR1 SIGUSR2 SIGWINCH SIGTTIN SIGTTOU".split():
                for pid in (host.process.pid, peer.pid):
                    os.kill(pid, getattr(signal, name))
            os.kill(host.process.pid, signal.SIGQUIT)
            self.assertEqual(bytes(peer.get("/hello").body), b"hello world", peer.ended and host.said(peer.pid))
            self.assertEqual(bytes(host.peer().get("/hello").body), b"hello world")

    def test_garbage_on_control(self):
        for line in (
            b"garbage\n",
            b"[]\n",
            b'{"type":"dance"}\n',
            b'{"type":"boot"}\n',
            b'{"type":"kill","pid":"1"}\n',
            b"\xff\n",
        ):
            with self.subTest(line), Host(UNCHECKED, start=False) as host:
                host.control.sendall(line)
                self.assertEqual(host.wait(), 70)
                self.assertIn(b"broke the control socket", host.log.read())
        with Host(UNCHECKED) as host:
            peer, forked = self.busy(host)
            host.control.sendall(b"garbage\n")
            self.assertEqual(host.wait(), 70)
            eventually(lambda: gone(peer.pid) and gone(forked))

    def test_an_application_that_closes_control_at_its_import(self):
        with Host("closes", preload=True) as host:
            self.assertEqual(host.wait(), 70)

    def test_kills_of_strangers_are_ignored(self):
        with Host(UNCHECKED) as host:
            host.tell(type="kill", pid=os.getpid(), signal=9)
            peer = host.peer()
            self.assertEqual(bytes(peer.get("/hello").body), b"hello world")

    @unittest.skipUnless(LINUX, "PR_SET_PDEATHSIG")
    def test_no_process_outlives_a_killed_zygote(self):
        with Host(UNCHECKED) as host:
            peer = host.peer()
            peer.request("/hang")
            host.printed(peer.pid, "hanging")
            os.kill(host.process.pid, signal.SIGKILL)
            self.assertEqual(host.wait(), -signal.SIGKILL)
            eventually(lambda: gone(peer.pid))


def state(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()[0]


if __name__ == "__main__":
    unittest.main()
