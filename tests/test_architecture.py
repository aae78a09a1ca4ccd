"""Imports go one way, rooms stay small, and what is heavy is imported only where it is used.

The rooms and what they may import are told in docs/explanation/architecture.md.
"""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from support import programs

from sales_consultant.config.crms import CRMS
from sales_consultant.config.sections import Connection

ROOT = Path(__file__).parents[1]
PACKAGE = "sales_consultant"
# A top-level room, and the rooms that it may import.
ALLOWED = {
    "cli": {"commands", "config"},
    "commands": {"sync", "insight", "connectors", "scoring", "engine", "config", "demo"},
    "sync": {"connectors", "insight", "scoring", "engine", "config"},
    "connectors": {"config"},
    "insight": {"scoring", "config"},
    "scoring": {"engine", "config"},
    "engine": {"config"},
    "config": set(),
    "sandbox": set(),
    "demo": {"sync", "connectors", "scoring", "engine", "config", "sandbox"},
}
# The rooms inside a room: each may import those that stand before it. "." are the modules beside the rooms.
FLOORS = {
    "scoring": (
        "core metrics text additive features populations customers leakage propensity products next_steps "
        "validation training ."
    ),
    "insight": "core funnel forecast response experiments charts reports",
    "sync": "results stores runtime pull journal plan tasks models push setup use_cases service reports insights",
    "connectors": "base tables http . hubspot salesforce",
    "connectors/hubspot": "api reading setup .",
    "connectors/salesforce": "api reading writing setup .",
    "sandbox/hubspot": "portal api records objects settings marketing loading .",
    "sandbox/salesforce": "org access soql records api auth metadata query rest bulk loading .",
    "demo": "company saas shop .",
}
# A method a rule of the grammar, of the same name: the grammar is their description.
GRAMMARS = {"Build"}
HEAVY = {"sklearn", "interpret", "ibis", "scipy", "matplotlib", "leadforge", "statsmodels"}
# What else is imported where it is used, and why: docs/explanation/architecture.md tells it.
LATE = {
    "keyring": "config/secrets.py",
    "rich": "commands/output/writing/progress.py",
    "apscheduler": "sync/service/service.py",
    "importlib": "cli.py",
    "rule_engine": "config/playbook/expressions.py",
}
# Doors behind which the rest of a room is loaded when it is needed: a command's module, the CRM that is spoken to.
DOORS = {
    "commands/lazy.py", "connectors/__init__.py", "connectors/hubspot/__init__.py", "connectors/salesforce/__init__.py",
    "demo/__init__.py", "demo/serving.py",
}  # fmt: skip
SQL = re.compile(
    r"\b(SELECT|INSERT INTO|DELETE FROM|UPDATE \w+ SET|CREATE (OR REPLACE )?(TEMP )?(TABLE|VIEW))\b"
)
# Texts with a statement that stand elsewhere, by module: sub-selects of the mappings. A number may fall, none may come.
MAPPINGS = {"views.py", "links.py", "connector.py", "activities.py"}
SQL_ELSEWHERE = {
    "connectors/hubspot/connector.py": 1,
    "connectors/hubspot/reading/goals.py": 1,
    "connectors/hubspot/reading/histories.py": 3,
    "connectors/hubspot/reading/views.py": 10,
    "connectors/salesforce/connector.py": 1,
    "connectors/salesforce/reading/links.py": 4,
    "connectors/salesforce/reading/activities.py": 1,
    "connectors/salesforce/reading/views.py": 16,
}
MOST_MODULES, MOST_LINES, MOST_FUNCTION_LINES, MOST_CROSSINGS = 16, 400, 60, 60
# Imports from another room of the same folder, by module of that folder: a number may fall, none may grow.
MOST_IMPORTS = {"scoring": 0.68, "sync": 1.43}
# Modules and functions that are longer than the limit today: a name may leave this list, none may come.
LONG_MODULES: set[str] = set()
LONG_FUNCTIONS: set[str] = set()


def modules() -> Iterator[tuple[Path, ast.Module]]:
    """Every module of the product: its path below the root, and its tree."""
    paths = [ROOT / "cli.py", *(p for room in ALLOWED if room != "cli" for p in (ROOT / room).rglob("*.py"))]
    for path in sorted(paths):
        yield path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))


MODULES = list(modules())
# The folder of each module.
ROOMS = [str(path.parent) for path, _ in MODULES]


def imports(tree: ast.Module) -> Iterator[str]:
    """The dotted names of what a module takes from the product, below its package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{a.name}" for a in node.names]
        else:
            continue
        yield from (n.removeprefix(f"{PACKAGE}.") for n in names if n.startswith(f"{PACKAGE}."))


def floor(room: str, parts: tuple[str, ...]) -> str | None:
    """The room inside `room` in which a module or name stands; None where it stands elsewhere."""
    above = tuple(room.split("/"))
    if parts[: len(above)] != above or len(parts) == len(above):
        return None
    name = parts[len(above)]
    return name if (ROOT / room / name).is_dir() else "."


def test_imports_go_one_way() -> None:
    wrong = [
        f"{path} imports {name}"
        for path, tree in MODULES
        for name in imports(tree)
        if (room := path.parts[0].removesuffix(".py")) != (other := name.split(".")[0])
        and other not in ALLOWED[room]
    ]
    assert wrong == []


@pytest.mark.parametrize("room", FLOORS)
def test_imports_inside_a_room_go_one_way(room: str) -> None:
    order = FLOORS[room].split()
    wrong, crossings, importing = [], set(), set()
    for path, tree in MODULES:
        here = floor(room, path.with_suffix("").parts)
        if here is None or (path.name == "__init__.py" and here == "."):
            continue
        for name in imports(tree):
            there = floor(room, tuple(name.split(".")))
            if there is None or there == here:
                continue
            crossings.add((here, there))
            importing.add((path, there))
            if "." not in (here, there) and order.index(there) > order.index(here):
                wrong.append(f"{path} imports {name}: {there} stands above {here}")
    assert wrong == []
    assert len(crossings) <= MOST_CROSSINGS
    modules_there = sum(room_ == room or room_.startswith(f"{room}/") for room_ in ROOMS)
    assert len(importing) <= MOST_IMPORTS.get(room, len(importing)) * modules_there
    folders = {p.parent.name for p in (ROOT / room).glob("*/__init__.py")}
    assert folders == set(order) - {"."}, "a room without a floor, or a floor without a room"


@pytest.mark.parametrize("room", FLOORS)
def test_a_room_is_entered_by_its_door(room: str) -> None:
    """From another room of the same folder only what the room's `__init__` offers is imported."""
    inside = len(room.split("/"))
    wrong = [
        f"{path}: {name}"
        for path, tree in MODULES
        if (here := floor(room, path.with_suffix("").parts)) is not None
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        if (name := node.module.removeprefix(f"{PACKAGE}.")) != node.module
        if (there := floor(room, tuple(name.split(".")))) not in (None, ".", here) and here != "."
        if len(name.split(".")) > inside + 1 and there
    ]
    assert wrong == []


def test_no_module_imports_itself_by_way_of_others() -> None:
    """What imports in a circle cannot be read, tested or moved one at a time."""
    known = {p.with_suffix("").parts: p for p, _ in MODULES} | {
        p.parent.parts: p for p, _ in MODULES if p.name == "__init__.py"
    }
    taken: dict[Path, set[Path]] = defaultdict(set)
    for path, tree in MODULES:
        for name in imports(tree):
            parts = tuple(name.split("."))
            found = known.get(parts) or known.get(parts[:-1])
            if found and found != path:
                taken[path].add(found)
    left = dict(taken)
    # Whoever imports nothing that is left cannot be part of a circle.
    while free := [p for p, others in left.items() if not others & left.keys()]:
        for path in free:
            del left[path]
    assert {str(p): sorted(map(str, others & left.keys())) for p, others in left.items()} == {}


def test_nothing_outside_connectors_asks_which_crm_it_is() -> None:
    """A third CRM is a new package and a row of config/crms.py, and no branch elsewhere."""
    asking = [
        f"{path}:{node.lineno}"
        for path, tree in MODULES
        if path.parts[0] in ("sync", "scoring", "engine", "commands", "demo")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in CRMS
    ]
    assert asking == []
    assert get_args(Connection.model_fields["crm"].annotation) == tuple(CRMS)


def test_sql_text_stands_in_the_engine() -> None:
    """Another engine has its own text: what is read elsewhere is asked of `engine.reads`, or by Ibis."""
    found: dict[str, int] = defaultdict(int)
    for path, tree in MODULES:
        # The state and the sandbox are databases of their own, and Salesforce is asked in SOQL, which is another language.
        if path.parts[0] in ("engine", "sandbox") or path.parts[:2] == ("sync", "stores"):
            continue
        if path.parts[:2] == ("connectors", "salesforce") and path.name not in MAPPINGS:
            continue
        docs = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) else None
            found[str(path)] += isinstance(text, str) and id(node) not in docs and bool(SQL.search(text))
    assert {path: n for path, n in found.items() if n} == SQL_ELSEWHERE


def test_rooms_and_modules_stay_small() -> None:
    folders: dict[Path, int] = defaultdict(int)
    long_modules, long_functions = set(), set()
    for path, tree in MODULES:
        folders[path.parent] += path.name != "__init__.py"
        if len((ROOT / path).read_text(encoding="utf-8").splitlines()) > MOST_LINES:
            long_modules.add(str(path))
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if (node.end_lineno or 0) - node.lineno >= MOST_FUNCTION_LINES:
                long_functions.add(f"{path}:{node.name}")
    assert {str(f): n for f, n in folders.items() if n > MOST_MODULES} == {}
    assert long_modules == LONG_MODULES
    assert long_functions == LONG_FUNCTIONS


def test_what_is_public_says_what_it_does() -> None:
    silent = [
        f"{path}: {node.name}"
        for path, tree in MODULES
        for above in ast.walk(tree)
        if isinstance(above, ast.Module | ast.ClassDef)
        for node in above.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
        and not (isinstance(above, ast.ClassDef) and (above.name in GRAMMARS or above.name.startswith("_")))
    ]
    assert silent == []
    assert [str(p) for p, tree in MODULES if not ast.get_docstring(tree)] == []


def test_only_what_is_heavy_is_imported_in_functions() -> None:
    wrong = []
    for path, tree in MODULES:
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for node in ast.walk(function):
                if not isinstance(node, ast.Import | ast.ImportFrom):
                    continue
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
                for library in {n.split(".")[0] for n in names}:
                    at_a_door = library == PACKAGE and str(path) in DOORS
                    if library not in HEAVY and LATE.get(library) != str(path) and not at_a_door:
                        wrong.append(f"{path}:{node.lineno} imports {library} in {function.name}")
    assert wrong == []


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
