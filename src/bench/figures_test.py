"""What is made of measurements: python3 -m unittest discover -s src/bench -p '*_test.py'"""

import os
import tempfile
import unittest
import xml.dom.minidom
from unittest import mock

import page
import plot
import scaling

NETWORK = [
    {"type": "conv", "out": 9, "multiplyAdds": 60_000},
    {"type": "relu", "multiplyAdds": 0},
    {"type": "conv", "out": 3, "multiplyAdds": 9_000},
    {"type": "dense", "out": 10, "multiplyAdds": 280},
]


def answer(threads=2, speed=100.0):
    rate = {"imagesPerSecond": speed, "leastImagesPerSecond": speed - 1, "mostImagesPerSecond": speed + 1,
            "multiplyAdds": 69_280, "nominalGflops": 2.5, "shareOfPeak": 1.25}
    layer = {"layers": ["conv1", "relu1"], "pass": "weight gradient", "nanosPerImage": 1234.5, "shareOfTime": 0.75,
             "multiplyAdds": 60_000, "nominalGflops": 2.5, "shareOfPeak": 1.25, "bytes": 4096, "gigabytesPerSecond": 3.3}
    wait = dict(layer, layers=[], shareOfTime=0.25, multiplyAdds=0, bytes=0) | {"pass": "wait"}
    return {"deviceName": "a processor, 2 threads", "java": "25", "threads": threads, "recipe": "made-up", "parameters": 500,
            "batch": 128, "rounds": 5, "secondsPerRound": 2.0, "training": rate, "inference": rate,
            "roofline": {"peakGflops": 200.0, "cacheGigabytesPerSecond": 90.0, "memoryGigabytesPerSecond": 30.0},
            "layers": [layer, wait]}


def results(processors):
    with mock.patch.object(scaling, "program", lambda *_: {"network": NETWORK}):
        points = [point for point, _ in scaling.points("made-up", processors)]
    summed = [scaling.summed_up(p, [answer(speed=s) for s in (90.0, 110.0, 100.0)]) for p in points]
    for point in summed:
        point["inference"]["multiplyAdds"] = round(69_280 * point["width"] ** 2)
    return {"deviceName": "a processor", "java": "25", "threads": processors, "recipe": "made-up", "passes": 3, "points": summed}


class Scaling(unittest.TestCase):
    def test_threads_are_powers_of_two_and_all(self):
        self.assertEqual([[1], [1, 2], [1, 2, 3], [1, 2, 4, 6]], [scaling.thread_counts(n) for n in (1, 2, 3, 6)])

    def test_widening_leaves_the_classes_alone(self):
        self.assertEqual(["--set=network.0.out=18", "--set=network.2.out=6"], scaling.widened(NETWORK, 2))
        self.assertEqual(["--set=network.0.out=4", "--set=network.2.out=2"], scaling.widened(NETWORK, 0.5))

    def test_no_point_is_measured_twice_in_a_pass(self):
        points = results(2)["points"]
        keys = [(p["threads"], p["batch"], p["width"]) for p in points]
        self.assertEqual(len(set(keys)), len(keys))
        self.assertEqual(2 + 6 + 4 - 2, len(keys))

    def test_the_median_of_the_passes_counts(self):
        training = results(2)["points"][0]["training"]
        self.assertEqual((90.0, 100.0, 110.0), tuple(training[k + "magesPerSecond"] for k in ("leastI", "i", "mostI")))


class Plot(unittest.TestCase):
    def test_the_plot_is_xml_even_of_one_processor(self):
        for processors in (1, 2, 6):
            with self.subTest(processors=processors):
                xml.dom.minidom.parseString(scaling.drawn(results(processors)))

    def test_ticks_cover_the_values(self):
        for low, high in ((3, 700), (1, 1), (12_345, 98_765)):
            for logarithmic in (True, False):
                with self.subTest(low=low, high=high, logarithmic=logarithmic):
                    ticks = plot.ticks(low, high, logarithmic)
                    self.assertTrue(ticks[0] <= low and high <= ticks[-1] and len(ticks) > 1, ticks)


class Page(unittest.TestCase):
    EMPTY = ("before\n<!-- layers: written by a -->\n<!-- end of layers -->\nbetween\n"
             "<!-- scaling: written by b -->\n<!-- end of scaling -->\nafter\n")

    def test_writing_twice_is_writing_once(self):
        once = page.section(self.EMPTY, "layers", page.layers_section(answer()))
        self.assertIn("weight gradient", once)
        self.assertEqual(once, page.section(once, "layers", page.layers_section(answer())))
        self.assertEqual(self.EMPTY, page.section(once, "layers", ""))

    def test_the_other_section_stays(self):
        both = page.section(page.section(self.EMPTY, "layers", "LAYERS"), "scaling", page.scaling_section(results(2)))
        self.assertIn("LAYERS", both)
        self.assertIn("cpu-scaling.svg", both)
        self.assertTrue(both.startswith("before\n") and both.endswith("after\n"))

    def test_a_page_without_its_section_is_named(self):
        with self.assertRaises(SystemExit) as refused:
            page.section("nothing", "layers", "")
        self.assertIn("layers", str(refused.exception))

    def test_the_documentation_has_the_sections(self):
        with tempfile.TemporaryDirectory() as empty, mock.patch.object(page, "RESULTS", empty):
            copy = os.path.join(empty, "page.md")
            with open(page.PAGE) as original, open(copy, "w") as file:
                file.write(original.read())
            with mock.patch.object(page, "PAGE", copy), mock.patch("sys.argv", ["page.py"]):
                page.main()


if __name__ == "__main__":
    unittest.main()
