"""Exporters that break the protocol, and hosts that end, fork and divide: what comes of each, in a process of its own, so
that a crash fails one test. Runs in Python 2.7 and 3.6 and later.

The last line of the output counts the tests, in JSON.
"""

import json
import os
import subprocess
import sys
import unittest

import cases
import counted
import hosts

FOLDER = os.path.dirname(os.path.abspath(__file__))


def run(script, *arguments):
    """The exit status, the output and the complaints of a script in this folder."""
    process = subprocess.Popen(
        [sys.executable, os.path.join(FOLDER, script)] + list(arguments),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True,
    )
    output, complaints = process.communicate()
    return process.returncode, output, complaints


class Exporters(unittest.TestCase):
    def test_every_trick_is_in_the_table(self):
        import hostile

        self.assertEqual(sorted(hostile.TRICKS), sorted(cases.EXPECTED))


class Hosts(unittest.TestCase):
    pass


def trick(name):
    def test(self):
        status, output, complaints = run("cases.py", name)
        self.assertEqual(status, 0, "ended with %s\n%s" % (status, complaints[-2000:]))
        outcomes = json.loads(output)
        self.assertTrue(outcomes)
        for way, (outcome, references, balanced) in sorted(outcomes.items()):
            self.assertEqual(outcome, cases.expected(name, way), "%s: %s" % (name, way))
            self.assertEqual(references, 0, "%s: %s" % (name, way))
            self.assertTrue(balanced, "%s: %s: a view was granted and not given back, or twice" % (name, way))

    return test


def host(name):
    def test(self):
        why = hosts.missing(name)
        if why:
            self.skipTest(why)
        status, output, complaints = run("hosts.py", name)
        self.assertEqual(status, 0, "ended with %s\n%s\n%s" % (status, output, complaints[-2000:]))
        self.assertIn("done", output.split())

    return test


for each in sorted(cases.EXPECTED):
    setattr(Exporters, "test_" + each, trick(each))
for each in sorted(hosts.HOSTS):
    setattr(Hosts, "test_" + each, host(each))

if __name__ == "__main__":
    counted.main(Exporters, Hosts)
