try:
    from setuptools import Extension, setup
except ImportError:
    from distutils.core import Extension, setup

setup(
    name="old_cxx",
    version="1.0",
    ext_modules=[Extension("old_cxx", ["old_cxx.cpp"], language="c++")],
)
