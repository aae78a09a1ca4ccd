"""Nothing hangs on where it runs: no file in the encoding of the machine's locale, no program with inherited signals."""

import ast
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import programs

ROOT = Path(__file__).parents[1]
ROOMS = (
    "commands", "config", "connectors", "engine", "insight", "scoring", "sync", "sandbox", "demo", "benchmarks", "tests"
)  # fmt: skip


def sources() -> list[Path]:
    return [ROOT / "cli.py", *(p for room in ROOMS for p in sorted((ROOT / room).rglob("*.py")))]


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Each call with the words before its bracket, as "subprocess.run"."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def of_the_locale(name: str, call: ast.Call) -> bool:
    """Whether a call reads or writes text without saying in which encoding."""
    given = {k.arg for k in call.keywords}
    if "encoding" in given or None in given:
        return False
    last = name.rpartition(".")[2]
    if last in ("read_text", "write_text"):
        return len(call.args) < (1 if last == "read_text" else 2)
    if name == "open":
        modes = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "mode")]
        return not any(isinstance(m, ast.Constant) and "b" in str(m.value) for m in modes)
    return any(k.arg in ("text", "universal_newlines") for k in call.keywords) and "subprocess" in name


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("Path('x').read_text()", True),
        ("p.write_text('x')", True),
        ("open(p, 'a')", True),
        ("subprocess.run(c, text=True)", True),
        ("open(p, 'rb')", False),
        ("p.write_text('x', encoding='utf-8')", False),
    ],
)
def test_the_check_sees_what_it_looks_for(code: str, found: bool) -> None:
    (call,) = (n for n in ast.parse(code).body if isinstance(n, ast.Expr))
    assert isinstance(call.value, ast.Call)
    assert of_the_locale(ast.unparse(call.value.func), call.value) is found


def test_every_text_file_is_in_an_encoding_that_is_told() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in sources()
        for name, call in calls(path)
        if of_the_locale(name, call)
    ]
    assert found == []
    assert len(sources()) > 400


def test_tests_start_programs_in_one_place() -> None:
    # What runs in environments of other people's clients has no module of ours.
    others = ROOT / "tests" / "clients" / "calls"
    mine = [
        p
        for p in sources()
        if ROOT / "tests" in p.parents
        and p.name not in ("programs.py", "odd_place.py", "seeds.py")
        and others not in p.parents
    ]
    found = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in mine
        for name, call in calls(path)
        if name in ("subprocess.run", "subprocess.Popen", "subprocess.check_output", "subprocess.check_call", "os.system")
    ]  # fmt: skip
    assert found == []


def test_a_program_starts_with_a_shell_s_handlers_whatever_the_tests_ignore() -> None:
    code = "import signal; print(*(signal.getsignal(n).name for n in (signal.SIGTERM, signal.SIGHUP)), signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    before = {n: signal.signal(n, signal.SIG_IGN) for n in (signal.SIGINT, signal.SIGHUP)}
    try:
        done = programs.run([sys.executable, "-c", code], check=True)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert done.stdout.split() == ["SIG_DFL", "SIG_DFL", "True"]


@pytest.mark.xdist_group("together")
def test_tests_of_one_group_run_in_one_process(request: pytest.FixtureRequest) -> None:
    """They share what is costly to make; pytest-xdist groups by a name that it adds, and that a new pytest may not show."""
    if getattr(request.config.option, "loadgroup", False):
        assert request.node.nodeid.endswith("@together")
