"""Runs each Python file of the examples, in an interpreter of its own. The folder of their extension modules is on the path.

The last line of the output counts them, in JSON.
"""

import json
import pathlib
import subprocess
import sys

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent.parent / "examples"


def imports(module):
    """Whether there is such a module."""
    quiet = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return subprocess.run([sys.executable, "-c", "import " + module], **quiet).returncode == 0


def main():
    passed, failed, skipped = 0, 0, []
    numpy = imports("numpy")
    for module in sorted(EXAMPLES.glob("*.rs")):
        script = module.with_name("use_%s.py" % module.stem)
        if "\nimport numpy\n" in script.read_text() and not numpy:
            skipped.append("%s: numpy cannot be had" % script.stem)
            continue
        try:
            status = subprocess.run([sys.executable, str(script)], timeout=120).returncode
        except subprocess.TimeoutExpired as expired:
            status = expired
        if status == 0:
            passed += 1
        else:
            failed += 1
            print("%s: %s" % (script.name, status), file=sys.stderr)
    print(json.dumps({"passed": passed, "failed": failed, "skipped": skipped}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
