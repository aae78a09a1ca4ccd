"""Programs that tests start: as from a terminal of their own, whatever the tests were started from.

Who runs the tests with `nohup make test &`, or from a shell without job control, ignores SIGINT, and what a process
ignores all that it starts ignore too. Programs started here begin with the handlers that a shell gives, and talk UTF-8.
"""

import signal
import subprocess
from collections.abc import Callable, Sequence
from typing import Any

_SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGPIPE", "SIGUSR1", "SIGUSR2")
    if hasattr(signal, name)
)


def _options(before: Callable[[], None] | None, options: dict[str, Any]) -> dict[str, Any]:
    def prepare() -> None:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        if before is not None:
            before()

    return {"text": True, "encoding": "utf-8", "preexec_fn": prepare, **options}


def start(
    command: Sequence[str], *, before: Callable[[], None] | None = None, **options: Any
) -> "subprocess.Popen[str]":
    """`subprocess.Popen` with default signal handlers and UTF-8; `before` runs in the child after that."""
    return subprocess.Popen(command, **_options(before, options))


def run(
    command: Sequence[str] | str,
    *,
    before: Callable[[], None] | None = None,
    check: bool = False,
    **options: Any,
) -> "subprocess.CompletedProcess[str]":
    """`subprocess.run` with default signal handlers and UTF-8; its output is kept."""
    return subprocess.run(command, check=check, **_options(before, {"capture_output": True, **options}))
