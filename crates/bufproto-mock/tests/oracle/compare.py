"""Shows where two recordings differ, question by question.

    compare.py RECORDED NEW

Ends with 1 if they do. What is no answer, as the version of the machine's system, is compared too. Runs in any Python 3.
"""

import io
import json
import sys

MISSING = object()


def load(path):
    with io.open(path, encoding="ascii") as source:
        recording = json.load(source)
    recording["cases"] = {case["id"]: case for case in recording["cases"]}
    recording["fill_info"] = {
        json.dumps({key: question[key] for key in question if key != "answer"}, sort_keys=True): question["answer"]
        for question in recording["fill_info"]
    }
    return recording


def differences(one, other, path=()):
    """Pairs of answers that differ, with the way to them."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(set(one) | set(other)):
            for difference in differences(one.get(key, MISSING), other.get(key, MISSING), path + (key,)):
                yield difference
    elif one != other:
        yield path, one, other


def show(value):
    return "nothing" if value is MISSING else json.dumps(value, sort_keys=True)


def main():
    recorded, new = (load(path) for path in sys.argv[1:])
    found = list(differences(recorded, new))
    for path, one, other in found:
        print("%s\n    recorded %.300s\n    now      %.300s" % (": ".join(path), show(one), show(other)))
    print("%d answers differ from the recorded ones" % len(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
