"""Commands by fork: one process imports all that a command needs, a copy of it is each command.

A command is the same `cli.main()` in a process of its own, which can be killed like any other; only the interpreter's
start and the imports, a second or two, are spent once. `python tests/support/warm.py` is that process; it reads one JSON
object a line: {"start": {...}} answers {"pid"}, {"poll": pid} and {"wait": pid} answer {"code"}, null while it runs.
"""

import atexit
import functools
import importlib
import json
import os
import pickle
import pkgutil
import random
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, Self

HERE = Path(__file__)
# What a sync imports beyond our own modules, most of it late.
HEAVY = (
    "duckdb", "hubspot", "ibis", "ibis.backends.duckdb", "pandas", "pyarrow.compute", "pyarrow.parquet", "rich.progress",
    "rich.table", "scipy.optimize", "scipy.special", "simple_salesforce", "sklearn.linear_model", "sqlalchemy",
)  # fmt: skip
ROOMS = ("commands", "config", "connectors", "scoring", "sync")
TEXTS_FOLDER = tempfile.mkdtemp() if __name__ == "__main__" else ""
"""Where copies leave the SQL that they compiled; most of a command's time on a tiny company."""


def preload() -> None:
    """Import what commands import. Starts no thread: a copy of this process would miss it."""
    for name in HEAVY:
        importlib.import_module(name)
    importlib.import_module("sales_consultant.cli")
    for room in ROOMS:
        package = importlib.import_module(f"sales_consultant.{room}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)


def give_texts(known: int) -> None:
    """In the copy, at its end: leave what it compiled to the parent, in a file named after the process."""
    from sales_consultant.engine.expressions import TEXTS

    if len(TEXTS) > known:
        partial = Path(TEXTS_FOLDER, f"{os.getpid()}.part")
        partial.write_bytes(pickle.dumps(TEXTS))
        partial.rename(partial.with_suffix(".pickle"))


def take_texts(pid: int) -> None:
    """In the parent: SQL that a copy compiled, for all who come after. Its keys hold hashes, which copies share."""
    from sales_consultant.engine.expressions import TEXTS

    file = Path(TEXTS_FOLDER, f"{pid}.pickle")
    if file.exists():
        TEXTS.update(pickle.loads(file.read_bytes()))
        file.unlink()


def become(args: Sequence[str], env: Mapping[str, str], folder: str, out: str, err: str) -> NoReturn:
    """In the copy: be the command, its output in files."""
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    for number, name in ((1, out), (2, err)):
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, number)
        os.close(file)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    random.seed()
    sys.argv = ["sales-consultant", *args]
    from sales_consultant.cli import main
    from sales_consultant.engine.expressions import TEXTS

    code: Any = 1
    known = len(TEXTS)
    try:
        main()
        code = 0
    except SystemExit as e:
        code = e.code or 0
    finally:
        give_texts(known)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


def answer(asked: dict[str, Any], ended: dict[int, int]) -> dict[str, Any]:
    """One request of the parent."""
    if "start" in asked:
        pid = os.fork()
        if pid == 0:
            become(**asked["start"])
        return {"pid": pid}
    pid = int(asked.get("poll") or asked["wait"])
    if pid not in ended:
        found, status = os.waitpid(pid, os.WNOHANG if "poll" in asked else 0)
        if found == pid:
            ended[pid] = os.waitstatus_to_exitcode(status)
            take_texts(pid)
    return {"code": ended.get(pid)}


class Child:
    """A command while it runs; what `subprocess.Popen` has of it that a test uses."""

    def __init__(self, nursery: "Nursery", pid: int, out: Path, err: Path) -> None:
        self._nursery = nursery
        self.pid = pid
        self._files = (out, err)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        if self.returncode is None:
            self.returncode = self._nursery.ask(poll=self.pid)["code"]
        return self.returncode

    def communicate(self, text: str | None = None, timeout: float | None = None) -> tuple[str, str]:
        """Wait for its end; what it said. It reads nothing; TimeoutExpired after `timeout` seconds."""
        assert text is None
        if self.returncode is None:
            timer = threading.Timer(timeout or 600, lambda: os.killpg(self.pid, 9))
            timer.start()
            try:
                self.returncode = self._nursery.ask(wait=self.pid)["code"]
            finally:
                timer.cancel()
        return self._files[0].read_text(encoding="utf-8"), self._files[1].read_text(encoding="utf-8")


class Nursery:
    """The process that commands are copies of; a context manager."""

    def __init__(self) -> None:
        # Some libraries look at the terminal while they are imported: there is none, as for a command.
        plain = {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
        from support import programs  # not above: as a program this file finds no other of its folder

        # What it does with signals, all commands do.
        self._process = programs.start(
            [sys.executable, str(HERE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **plain},
        )
        self._count = 0

    def ask(self, **request: Any) -> dict[str, Any]:
        """A request and its answer."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found

    def start(self, args: Sequence[str], env: Mapping[str, str], folder: Path) -> Child:
        """A command in `folder`; its output goes to files there."""
        self._count += 1
        out, err = folder / f".out{self._count % 8}", folder / f".err{self._count % 8}"
        pid = self.ask(
            start={
                "args": list(args),
                "env": dict(env),
                "folder": str(folder),
                "out": str(out),
                "err": str(err),
            }
        )["pid"]
        return Child(self, pid, out, err)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


@functools.cache
def shared() -> Nursery:
    """One for all tests of this process; it ends with it."""
    made = Nursery()
    atexit.register(made.__exit__)
    return made


def attend(lines: Any, say: Callable[[str], None]) -> None:
    """Answer until the parent is gone."""
    ended: dict[int, int] = {}
    for line in lines:
        say(json.dumps(answer(json.loads(line), ended)))


if __name__ == "__main__":
    preload()
    try:
        attend(sys.stdin, lambda text: print(text, flush=True))
    finally:
        shutil.rmtree(TEXTS_FOLDER)
