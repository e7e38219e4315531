"""Runs the tests beside this file in this interpreter, from Python 2.7 on. The last line of the output counts them, in
JSON."""

import json
import os
import sys
import unittest


class Result(unittest.TextTestResult):
    def __init__(self, *arguments, **options):
        super(Result, self).__init__(*arguments, **options)
        self.passed = 0

    def addSuccess(self, test):
        super(Result, self).addSuccess(test)
        self.passed += 1


def main():
    suite = unittest.defaultTestLoader.discover(os.path.dirname(os.path.abspath(__file__)))
    runner = unittest.TextTestRunner(stream=sys.stderr, resultclass=Result)
    result = runner.run(suite)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    skipped = [why for _, why in result.skipped]
    print(json.dumps({"passed": result.passed, "failed": failed, "skipped": skipped}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
