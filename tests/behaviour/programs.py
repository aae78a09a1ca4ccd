"""Starts programs for a recording, apart from the tests' own helpers, which may move meanwhile."""

import subprocess
from typing import Any


def start(command: list[str], **options: Any) -> "subprocess.Popen[str]":
    """`subprocess.Popen` that talks UTF-8 and has nothing to read."""
    given = {
        "text": True,
        "encoding": "utf-8",
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        **options,
    }
    return subprocess.Popen(command, **given)


def run(command: list[str], **options: Any) -> tuple[int, str]:
    """A command's exit code and all that it said."""
    process = start(command, stderr=subprocess.STDOUT, **options)
    out, _ = process.communicate(timeout=600)
    return process.returncode, out
