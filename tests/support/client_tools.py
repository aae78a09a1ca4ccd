"""Other people's clients, installed in a folder of their own: exact versions, from the registries that pip and npm are set to."""

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from support import programs

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".venv" / "clients"
PYTHON = {
    "python": ("hubspot-sdk==0.1.0a9", "dlt==1.31.0"),
    # In an environment of its own: its authorities are changed while it runs.
    "tap": ("meltano-tap-hubspot==0.10.1",),
}
NODE = {
    "axe": {"axe-core": "4.14.1"},
    "hubspot": {"@hubspot/api-client": "14.0.1"},
    "jsforce": {"jsforce": "3.10.16"},
    # The CLI needs a newer Node than Debian's; npm has one.
    "sf": {"@salesforce/cli": "2.146.3", "node": "22.23.3"},
}


class ToolError(Exception):
    """A client cannot be installed or run; the text says what to do."""


def _run(command: Sequence[str], folder: Path, what: str) -> None:
    done = programs.run(command, cwd=folder, timeout=540)
    if done.returncode:
        raise ToolError(f"{what} could not be installed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def _installed(folder: Path, wanted: str) -> bool:
    mark = folder / "installed"
    return mark.exists() and mark.read_text(encoding="utf-8") == wanted


def python(name: str = "python") -> Path:
    """A Python that has the clients of a name, which must not be in the project's own environment."""
    packages = PYTHON[name]
    folder, wanted = TOOLS / name, "\n".join(packages)
    if not _installed(folder, wanted):
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        _run([sys.executable, "-m", "venv", str(folder)], folder.parent, "a Python environment")
        pip = [
            str(folder / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]
        _run([*pip, *packages], folder, " and ".join(packages))
        (folder / "installed").write_text(wanted, encoding="utf-8")
    return folder / "bin" / "python"


def node(name: str, tools: Path = TOOLS) -> Path:
    """The folder of npm packages that holds a client. Raises ToolError where there is no npm."""
    folder, wanted = tools / name, json.dumps(NODE[name], sort_keys=True)
    if _installed(folder, wanted):
        return folder
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise ToolError(
            "These tests need Node 18 or newer with npm. On Debian or Ubuntu: sudo apt install nodejs npm"
        )
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "package.json").write_text(
        json.dumps({"private": True, "dependencies": NODE[name]}), encoding="utf-8"
    )
    _run([npm, "install", "--no-audit", "--no-fund", "--loglevel=error"], folder, " and ".join(NODE[name]))
    (folder / "installed").write_text(wanted, encoding="utf-8")
    return folder


def ask(
    command: Sequence[str | Path], given: Mapping[str, Any], environ: Mapping[str, str] | None = None
) -> Any:
    """Run a client's script with JSON as its input; the JSON that it prints last. Raises ToolError with what it said."""
    done = programs.run(
        [str(c) for c in command],
        input=json.dumps(given),
        timeout=240,
        env=dict(environ) if environ is not None else {**os.environ, "NO_PROXY": "*"},
    )
    if done.returncode:
        raise ToolError(
            f"the client ended with {done.returncode}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        )
    return json.loads(done.stdout.strip().splitlines()[-1])
