"""Runs a script in an interpreter of its own, whose memory can be seen when it is freed."""

import os
import subprocess
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))


def run(script, *arguments, **more):
    """The exit status, the output and the complaints of a script in this folder.

    `environment` adds variables, `before` is put before the interpreter.
    """
    environment = dict(os.environ, **more.get("environment", {}))
    command = list(more.get("before", [])) + [sys.executable, os.path.join(FOLDER, script)] + list(arguments)
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True
    )
    output, complaints = process.communicate()
    return process.returncode, output, complaints
