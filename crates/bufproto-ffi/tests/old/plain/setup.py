try:
    from setuptools import Extension, setup
except ImportError:
    from distutils.core import Extension, setup

setup(
    name="old_plain",
    version="1.0",
    ext_modules=[Extension("old_plain", ["old_plain.c", "sum.c"])],
)
