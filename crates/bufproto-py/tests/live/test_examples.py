"""Every public name of the package has an example in its docstring, and the examples are true."""

import doctest
import inspect
import os
import sys
import unittest

import bufproto
from support import PYPY

NEEDS_LIBRARY = "no C library in this copy of the package; the step 'package' runs them with one"


def public():
    """The documented names: the package, its functions and classes, and the methods and properties of these; and what
    keeps the examples from running here, if anything does."""
    modules = [("bufproto", bufproto, bufproto.__all__)]
    if sys.version_info >= (3, 8):
        import bufproto.setuptools as helper

        modules.append(("bufproto.setuptools", helper, names_of(helper)))
    yield "bufproto", bufproto
    for prefix, module, names in modules:
        for name in names:
            value = getattr(module, name)
            if not (inspect.isclass(value) or inspect.isroutine(value)):
                # The version, and a name for types.
                continue
            yield "%s.%s" % (prefix, name), value
            for method in sorted(vars(value)) if inspect.isclass(value) else []:
                member = inspect.getattr_static(value, method) if hasattr(inspect, "getattr_static") else vars(value)[method]
                if not method.startswith("_") and (callable(member) or is_descriptor(member)):
                    yield "%s.%s.%s" % (prefix, name, method), getattr(value, method)


def names_of(module):
    """What a module defines itself."""
    return [
        name
        for name, value in sorted(vars(module).items())
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    ]


def is_descriptor(member):
    return hasattr(type(member), "__get__")


class Examples(unittest.TestCase):
    def examples(self, name, value):
        text = inspect.getdoc(value) or ""
        if PYPY:
            # Its texts show the short name of a type.
            text = text.replace("'bufproto.Buffer'", "'Buffer'")
        test = doctest.DocTestParser().get_doctest(text, {}, name, None, None)
        self.assertTrue(test.examples, "%s has no example in its docstring" % name)
        return test

    def test_every_public_name_has_an_example(self):
        names = [name for name, value in public() if self.examples(name, value)]
        self.assertIn("bufproto.View.as_dict", names)
        if sys.version_info >= (3, 8):
            self.assertIn("bufproto.Buffer.over", names)
            self.assertIn("bufproto.Buffer.exports", names)
            self.assertIn("bufproto.setuptools.add_to", names)

    def test_examples_are_true(self):
        skipped = {}
        for name, value in public():
            test = self.examples(name, value)
            why = self.unable(test)
            if why:
                skipped.setdefault(why, []).append(name)
                continue
            said = []
            doctest.DocTestRunner(verbose=False).run(test, out=said.append)
            self.assertEqual("".join(said), "", name)
        if skipped:
            self.skipTest("; ".join("%d examples: %s" % (len(names), why) for why, names in sorted(skipped.items())))

    def unable(self, test):
        """What an example needs that is not there."""
        text = "".join(example.source for example in test.examples)
        if PYPY and "buffer.exports" in text:
            return "PyPy counts a view that is released until it collects garbage: test_pypy"
        has_library = os.path.isdir(os.path.join(os.path.dirname(bufproto.__file__), "include"))
        if not has_library and ("get_" in text or "add_to" in text):
            return NEEDS_LIBRARY
        if "from setuptools" in text:
            try:
                import setuptools  # noqa: F401
            except ImportError:
                return "setuptools is not installed"
        return None
