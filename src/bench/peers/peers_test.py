"""The conversation with a peer, and what is made of its answers.

    python3 -m unittest discover -s src/bench/peers -p '*_test.py'
"""

import os
import sys
import tempfile
import threading
import unittest
from unittest import mock

import peers
import report

ANSWERS = """
import sys
print('{"version": "fake"}', flush=True)
for line in sys.stdin:
    if line.strip() == "train":
        print('{"imagesPerSecond": 10.0, "loss": 0.5}', flush=True)
    elif line.strip() == "infer":
        print('{"error": "it cannot"}', flush=True)
    else:
        sys.exit("the last word")
"""


def peer(name, losses, accuracy=0.98, rates=(1.0, 2.0, 3.0)):
    return {"name": name, "version": name + " 1", "extra": False, "training": list(rates), "inference": list(rates),
            "losses": losses, "accuracy": accuracy, "peakBytes": 1_000_000}


def result(*others, missing=()):
    network = {"name": "tiny", "parameters": 10, "multiplyAdds": 20, "missing": list(missing),
               "peers": [peer("mnist20k", [2.0, 0.5, 0.2, 0.1], rates=(6.0, 8.0, 30.0)), *others]}
    report.judge(network["peers"])
    return {"date": "2026-01-02T03:04:05+00:00", "command": "make bench-peers", "commit": "abc", "networks": [network],
            "machine": {"processor": "p", "cores": 2, "vectors": [], "memoryBytes": 2**30, "system": "s"},
            "settings": {"batch": 1, "threads": 1, "images": 1, "testImages": 1, "rounds": 3, "warmUp": 1,
                         "learningRate": 0.1}}


class Conversation(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        work = mock.patch.object(peers, "WORK", folder.name)
        work.start()
        self.addCleanup(work.stop)

    def start(self, script=ANSWERS):
        process = peers.Process("a fake", [sys.executable, "-c", script], 1)
        self.addCleanup(process.end)
        return process

    def test_it_answers_and_is_stopped_between_turns(self):
        process = self.start()
        self.assertEqual("fake", process.version)
        self.assertEqual({"imagesPerSecond": 10.0, "loss": 0.5}, process.turn("train"))
        _, status = os.waitpid(process.process.pid, os.WUNTRACED)
        self.assertTrue(os.WIFSTOPPED(status))
        self.assertEqual(0.5, process.turn("train")["loss"])

    def test_an_error_is_its_reason(self):
        with self.assertRaisesRegex(peers.Missing, "it cannot"):
            self.start().turn("infer")

    def test_an_early_end_is_told_with_its_last_words(self):
        with self.assertRaisesRegex(peers.Missing, "exit code 1: the last word"):
            self.start().turn("stop")

    def test_one_that_cannot_start_is_missing(self):
        with self.assertRaisesRegex(peers.Missing, "not here"):
            peers.Process("a fake", [sys.executable, "-c", """print('{"missing": "not here"}', flush=True)"""], 1)

    def test_an_interrupt_leaves_no_watch_behind(self):
        process = self.start()
        with mock.patch.object(process.process, "stdout") as output:
            output.readline.side_effect = KeyboardInterrupt
            with self.assertRaises(KeyboardInterrupt):
                process.turn("train")
        watches = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
        for watch in watches:
            watch.join(1)
        left = [watch for watch in watches if watch.is_alive()]
        for watch in left:
            watch.cancel()  # lest a failure waits for it
        self.assertEqual([], left)


class Judgement(unittest.TestCase):
    OURS = [2.0, 0.5, 0.2, 0.1]

    def test_losses_that_fall_alike_count(self):
        self.assertIsNone(report.unlike([2.2, 0.6, 0.22, 0.09], self.OURS))

    def test_losses_that_do_not_fall_alike_do_not(self):
        for losses, why in (([2.0, 0.5, 0.4, 0.3], "2.33 times"), ([2.0, 0.2, 0.05, 0.02], "0.23 times"),
                            ([2.0, 2.1, 2.2, 2.3], "does not fall"), ([2.0, 0.5, float("nan"), 0.1], "not a number")):
            self.assertIn(why, report.unlike(losses, self.OURS))

    def test_wrong_answers_do_not_count(self):
        text = report.section(result(peer("wrong", self.OURS, accuracy=0.9)))
        self.assertIn("wrong is not ranked: it gets 90.0%", text)
        self.assertNotIn("| wrong | 2", text.split("Mean loss")[0])


class Page(unittest.TestCase):
    def test_ratios_are_taken_within_rounds(self):
        text = report.section(result(peer("PyTorch, a", [2.0, 0.5, 0.2, 0.1])))
        # 6/1, 8/2 and 30/3, whose median is not the ratio of the medians by chance alone.
        self.assertIn("| PyTorch, a | 2 (1..3) | 6.00 (4.00..10.00) |", text)

    def test_the_missing_are_named(self):
        text = report.section(result(missing=[{"name": "DL4J", "reason": "no network"}]))
        self.assertIn("- DL4J is missing: no network", text)

    def test_a_section_replaces_itself_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            page = os.path.join(folder, "page.md")
            with open(page, "w") as file:
                file.write(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
            report.write_section(page, result())
            report.write_section(page, result())
            with open(page) as file:
                text = file.read()
        self.assertTrue(text.startswith("before\n") and text.endswith("after\n"))
        self.assertEqual((0, 1, 1), (text.count("old\n"), text.count(report.BEGIN), text.count("### tiny")))


if __name__ == "__main__":
    unittest.main()
