"""Records what this interpreter answers, in the format of the files beside the other recordings.

    record.py RECIPES OUTPUT

Recipes and answers are data. Every question is asked in a process of its own, so a crash is an answer too; addresses are
told as set, null, and equal or not. Runs in Python 2.7 and 3.6 and later.
"""

from __future__ import print_function

import io
import json
import os
import platform
import signal
import sys
import tempfile
import warnings

import oracle
import oracle_int

warnings.simplefilter("ignore")

NATIVE = sys.version_info[0] == 2

FUNCTIONS = ["as_char", "as_read", "as_write", "check_read"]

REQUESTS = [
    "PyBUF_SIMPLE", "PyBUF_WRITABLE", "PyBUF_ND", "PyBUF_CONTIG", "PyBUF_STRIDES", "PyBUF_C_CONTIGUOUS",
    "PyBUF_FULL", "PyBUF_FULL_RO",
]

# The formats of PyArg_ParseTuple; with "int" in a module that was compiled without PY_SSIZE_T_CLEAN.
FORMATS = ["s", "s#", "s# int", "s*", "t#", "t# int", "w", "w#", "w# int", "w*", "y", "y#", "y# int", "y*", "z", "z#",
           "z# int", "z*"]

FLAGS = oracle.flags()


def alone(question):
    """The answer to a question, from a child that may crash."""
    reading, writing = os.pipe()
    complaints = tempfile.TemporaryFile()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.dup2(complaints.fileno(), 2)
        try:
            text = json.dumps(question())
        except BaseException as error:
            text = json.dumps({"recorder": repr(error)})
        with os.fdopen(writing, "wb") as output:
            output.write(text.encode("ascii"))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as source:
        text = source.read().decode("ascii")
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        answer = json.loads(text)
        if isinstance(answer, dict) and "recorder" in answer:
            raise SystemError("the recorder failed: %s" % answer["recorder"])
        return answer
    names = dict((getattr(signal, name), name) for name in ["SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE"])
    answer = {"crash": names.get(os.WTERMSIG(status), str(os.WTERMSIG(status)))}
    complaints.seek(0)
    lines = complaints.read().decode("utf-8", "replace").splitlines()
    if lines and "Fatal Python error" in lines[0]:
        answer["stderr"] = [line for line in lines[:2] if line]
    return answer


def told(answer):
    """An answer without addresses and objects."""
    answer = dict(answer)
    raised = answer.pop("raised", None)
    if raised is not None:
        answer["exception"] = type(raised).__name__
        answer["message"] = text_of(raised)
    if "pointer" in answer:
        answer["pointer"] = "set" if answer["pointer"] else "null"
    if "data" in answer:
        answer["data"] = "".join("%02x" % byte for byte in bytearray(answer["data"]))
    if "format" in answer:
        answer["format"] = answer["format"].decode("latin-1")
    return answer


def text_of(error):
    try:
        return str(error)
    except UnicodeError:
        return u"%s" % error


class Case(object):
    """An object that is made by a recipe."""

    def __init__(self, recipe):
        self.recipe = recipe
        self.peek = int(recipe.get("peek", True))

    def make(self):
        self.names = {}
        exec(self.recipe["setup"], self.names)
        self.names["obj"] = eval(self.recipe["expr"], self.names)
        return self.names["obj"]

    def missing(self):
        """Why the object cannot be made here. Making it may change the interpreter: not here, where the others are asked."""
        try:
            self.make()
        except Exception as error:
            return {"exception": type(error).__name__, "message": text_of(error)}

    def disturb(self):
        try:
            exec(self.recipe["disturb"], self.names)
        except Exception as error:
            return "%s: %s" % (type(error).__name__, text_of(error))
        return "done"

    def function(self, number, pending):
        def ask():
            answer = told(oracle.call(number, self.make(), self.peek, 0, pending))
            if pending:
                answer = dict((key, answer[key]) for key in ["rc", "exception", "message"] if key in answer)
            return answer

        return alone(ask)

    def get_buffer(self, request):
        def ask():
            full = request == "PyBUF_FULL_RO"
            answer = told(oracle.get_buffer(self.make(), FLAGS[request], self.peek, int(full)))
            answer.pop("internal", None)
            return answer

        return alone(ask)

    def describe(self):
        def ask():
            answer = oracle.describe(self.make(), self.peek)
            slots = answer.get("old_slots")
            if slots is not None:
                answer["old_slots"] = dict((name, self.slot(slot)) for name, slot in slots.items())
            return answer

        return alone(ask)

    @staticmethod
    def slot(answer):
        answer = told(answer)
        answer.pop("len", None)
        return answer

    def pointers(self):
        """Whether the functions give the same pointer again, and the same as one another."""

        def ask():
            made = self.make()
            seen, answer = {}, {}
            for number, name in enumerate(FUNCTIONS[:3]):
                first = oracle.call(number, made, 0, 0, 0)
                if first["rc"] == 0:
                    seen[name] = first["pointer"]
                    again = oracle.call(number, made, 0, 0, 0)
                    answer["%s twice" % name] = again.get("pointer") == first["pointer"]
            for one, other in [("as_char", "as_read"), ("as_read", "as_write")]:
                if one in seen and other in seen:
                    answer["%s %s" % (one, other)] = seen[one] == seen[other]
            return answer

        return alone(ask)

    def lifetime(self):
        """What keeps the object from being changed."""
        answer = {}

        def before():
            self.make()
            return self.disturb()

        answer["before"] = alone(before)
        for number, name in enumerate(FUNCTIONS):
            def after():
                oracle.call(number, self.make(), 0, 0, 0)
                return self.disturb()

            answer["after %s" % name] = alone(after)
        for request in ["PyBUF_SIMPLE", "PyBUF_WRITABLE"]:
            def during():
                return oracle.hold(self.make(), FLAGS[request], self.disturb)

            held = alone(during)
            if held is not None:
                answer["while holding %s" % request] = held
        return answer

    def parse(self, form):
        def ask():
            letters, _, without = form.partition(" ")
            module = oracle_int if without else oracle
            made = self.make()
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                answer = told(module.parse(letters, made, self.peek))
            answer.pop("internal", None)
            if warned:
                answer["warning"] = "%s: %s" % (warned[0].category.__name__, warned[0].message)
            return answer

        return alone(ask)

    def record(self):
        missing = alone(self.missing)
        if missing is not None:
            return dict(self.told_recipe(), unavailable=missing)
        answer = self.told_recipe()
        answer["functions"] = dict((name, self.function(n, 0)) for n, name in enumerate(FUNCTIONS))
        answer["pending"] = dict((name, self.function(n, 1)) for n, name in enumerate(FUNCTIONS))
        answer["object"] = self.describe()
        # One refusal is enough of what has no views.
        exports = answer["object"].get("slots", {}).get("check_buffer", True)
        requests = REQUESTS if exports else REQUESTS[:1]
        answer["get_buffer"] = dict((request, self.get_buffer(request)) for request in requests)
        forms = [form for form in FORMATS if self.recipe.get("int") or "int" not in form]
        # Python 2 has no bytes of this kind.
        forms = [form for form in forms if not (NATIVE and form.startswith("y"))]
        answer["formats"] = dict((form, self.parse(form)) for form in forms)
        if self.peek:
            answer["pointers"] = self.pointers()
        if "disturb" in self.recipe:
            answer["lifetime"] = self.lifetime()
        return answer

    def told_recipe(self):
        return dict((key, self.recipe[key]) for key in self.recipe if key not in ["since", "until", "int"])


def null_argument(question):
    """Such as `as_char NULL buffer length, exception pending, no exporter`."""
    name, _, rest = question.partition(" NULL ")
    parts = rest.split(", ")
    nulls = sum(1 << bit for bit, word in enumerate(["object", "buffer", "length"]) if word in parts[0].split())
    pending = int("exception pending" in parts)
    value = bytearray(b"hello") if "an exporter" in parts else 5
    return alone(lambda: told(oracle.call(FUNCTIONS.index(name), value, 0, nulls, pending)))


def odd_request(question):
    """Such as `b'hello' with 0x200`."""
    expression, _, bits = question.partition(" with ")

    def ask():
        answer = told(oracle.get_buffer(eval(expression), int(bits, 0), 0, 0))
        answer.pop("internal", None)
        return answer

    return alone(ask)


def fill_info(question):
    flags = 0
    for name in question["flags"].split("|"):
        flags |= FLAGS[name]

    def ask():
        # The memory is no object's, so anything may own it.
        owner, view, length = "owner" not in question, "view" not in question, question.get("length", 5)
        answer = oracle.fill_info(object(), int(owner), length, question["readonly"], flags, int(view))
        answer = told(answer)
        answer.pop("data", None)
        return answer

    return dict(question, answer=alone(ask))


def this_interpreter():
    answer = {
        "byte_order": sys.byteorder,
        "debug": hasattr(sys, "gettotalrefcount"),
        "free_threaded": bool(is_free_threaded()),
        "implementation": platform.python_implementation(),
        "machine": platform.machine(),
        "pointer_bytes": 8 if sys.maxsize > 2**32 else 4,
        "system": platform.system(),
        "version": platform.python_version(),
    }
    if NATIVE:
        answer["unicode_bytes"] = 4 if sys.maxunicode > 0xFFFF else 2
    return answer


def is_free_threaded():
    try:
        import sysconfig
    except ImportError:
        return False
    return sysconfig.get_config_var("Py_GIL_DISABLED")


def applies(question):
    version = sys.version_info[:2]
    number = lambda text: tuple(int(part) for part in text.split("."))
    return number(question.get("since", "0.0")) <= version <= number(question.get("until", "99.0"))


def main():
    recipes, output = sys.argv[1:]
    with io.open(recipes, encoding="ascii") as source:
        recipes = dict((key, [q for q in questions if applies(q)]) for key, questions in json.load(source).items())
    recording = {
        "schema": 1,
        "interpreter": this_interpreter(),
        "flags": FLAGS,
        "layout": oracle.layout(),
        "fill_info": [fill_info(question) for question in recipes["fill_info"]],
        "null_arguments": dict((q["ask"], null_argument(q["ask"])) for q in recipes["null_arguments"]),
        "odd_requests": dict((q["ask"], odd_request(q["ask"])) for q in recipes["odd_requests"]),
    }
    cases = [Case(recipe).record() for recipe in recipes["cases"]]
    line = lambda value: json.dumps(value, sort_keys=True)
    lines = ["%s: %s," % (line(key), line(recording[key])) for key in sorted(recording)]
    text = "{\n%s\n\"cases\": [\n%s\n]\n}\n" % ("\n".join(lines), ",\n".join(line(case) for case in cases))
    with io.open(output, "w", encoding="ascii") as file:
        file.write(text if not NATIVE else text.decode("ascii"))


if __name__ == "__main__":
    main()
