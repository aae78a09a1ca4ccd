"""Imports go one way, and what is heavy is imported only where it is used."""

import ast
import sys
from pathlib import Path

import pytest
from support import programs

ROOT = Path(__file__).parents[1]
# DESIGN section 2, last column.
ALLOWED = {
    "cli": {"commands", "config"},
    "commands": {"sync", "connectors", "scoring", "config", "demo"},
    "sync": {"connectors", "scoring", "config"},
    "connectors": {"config"},
    "scoring": {"config"},
    "config": set(),
    "sandbox": set(),
    "demo": {"sync", "connectors", "scoring", "config", "sandbox"},
}
HEAVY = {"sklearn", "interpret", "ibis", "scipy", "matplotlib", "leadforge"}


def modules() -> list[tuple[str, Path]]:
    found = [("cli", ROOT / "cli.py")]
    for room in ALLOWED:
        if room != "cli":
            found += [(room, p) for p in sorted((ROOT / room).rglob("*.py"))]
    return found


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{a.name}" for a in node.names}
    return names


@pytest.mark.parametrize(
    ("room", "path"), modules(), ids=lambda v: str(v.relative_to(ROOT)) if isinstance(v, Path) else v
)
def test_imports_go_one_way(room: str, path: Path) -> None:
    rooms = {n.split(".")[1] for n in imported(path) if n.startswith("sales_consultant.")}
    assert rooms <= ALLOWED[room] | {room}


@pytest.mark.parametrize(
    "statement",
    [
        "import sales_consultant.cli",
        "import sales_consultant.commands.run, sales_consultant.commands.looking",
        "import sales_consultant.scoring.propensity",
        "import sales_consultant.sync.pull, sales_consultant.connectors.hubspot.connector",
    ],
)
def test_light_work_imports_nothing_heavy(statement: str) -> None:
    """Neither the help nor a pull pays for scikit-learn."""
    code = f"{statement}; import sys; print(*sys.modules, sep=chr(10))"
    done = programs.run([sys.executable, "-c", code], check=True)
    assert not HEAVY & {m.split(".")[0] for m in done.stdout.splitlines()}
