"""The list of commands: short help in full, a module loaded only when its command is called, one result a command."""

import re
import resource
import sys

import pytest
from support import cli_page, programs
from typer.testing import CliRunner

from sales_consultant.cli import COMMANDS, GROUPS, app
from sales_consultant.commands.lazy import loaded

PLACES = [(name, place, text) for name, place, text in COMMANDS]
PLACES += [(f"{group} {name}", place, text) for group, _, members in GROUPS for name, place, text in members]
HELP_SECONDS = 0.4


@pytest.mark.parametrize(("name", "place", "text"), PLACES, ids=[p[0] for p in PLACES])
def test_a_command_loads_and_its_line_fits(name: str, place: str, text: str) -> None:
    command = loaded(place)
    assert command.help, "the page of a command says what it does"
    shown = {o: not p.hidden for p in command.params if p.param_type_name == "option" for o in p.opts}
    # What reads no settings does not offer to name them.
    assert shown["--json"] and shown["--connection"] == (name not in ("demo", "sandbox serve"))
    assert text.endswith(".") and len(text) <= 64


def test_no_help_is_cut_off() -> None:
    for words in ((), *cli_page.commands()):
        assert not re.search(r"\w\.\.\.$", cli_page.help_of(words), re.MULTILINE), words


def test_help_names_values_by_what_they_are() -> None:
    """As FIELD or N; a Python type in angle brackets says nothing to who types it."""
    for words in cli_page.commands():
        text = cli_page.help_of(words)
        assert not re.search(r"<(str|int|float|path|list)\b", text), words
        assert all(m.isupper() for m in re.findall(r"^  --[\w-]+ (\S+)  ", text, re.MULTILINE)), words


def test_the_list_of_commands_loads_none_of_them() -> None:
    code = (
        "import sys; sys.argv = ['sales-consultant', '--help']\n"
        "from sales_consultant.cli import main\n"
        "try:\n    main()\nexcept SystemExit: pass\n"
        "print(*sys.modules, sep=chr(10))"
    )
    done = programs.run([sys.executable, "-c", code], check=True)
    modules = set(done.stdout.splitlines())
    assert "sales_consultant.commands.lazy" in modules
    rooms = {m.split(".")[1] for m in modules if m.startswith("sales_consultant.")}
    assert rooms == {"cli", "commands", "config"}
    assert not {m for m in modules if re.fullmatch(r"sales_consultant\.commands\.(run|shell|looking)", m)}
    assert not {"pandas", "duckdb", "rich", "sqlalchemy"} & {m.split(".")[0] for m in modules}


def test_a_mistyped_command_loads_none_of_them() -> None:
    code = (
        "import sys; sys.argv = ['sales-consultant', 'pul']\n"
        "from sales_consultant.cli import main\n"
        "try:\n    main()\nexcept SystemExit: pass\n"
        "print(*sys.modules, sep=chr(10))"
    )
    done = programs.run([sys.executable, "-c", code], check=True)
    assert "pull" in done.stderr
    modules = set(done.stdout.splitlines())
    assert not {m for m in modules if re.fullmatch(r"sales_consultant\.commands\.(run|shell|looking)", m)}
    assert not {"pandas", "duckdb", "rich", "sqlalchemy"} & {m.split(".")[0] for m in modules}


def test_the_help_answers_at_once() -> None:
    """By the processor's time, best of five: what else a machine does is not the help's."""
    code = "import sales_consultant.cli as c; c.app(['--help'])"
    taken = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        programs.run([sys.executable, "-c", code], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(taken) < HELP_SECONDS, taken


def test_the_version() -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.stderr) == (0, "")
    assert re.fullmatch(r"sales-consultant \d+\.\d+\.\d+\S*\n", done.stdout)


@pytest.mark.parametrize(
    ("typed", "position", "wanted"),
    [
        ("sales-consultant ru", 1, {"runs"}),
        ("sales-consultant runs ", 2, {"list", "show", "tail"}),
        ("sales-consultant plan --li", 2, {"--limit"}),
    ],
)
def test_a_shell_completes_commands_and_options(typed: str, position: int, wanted: set[str]) -> None:
    asked = {"_SALES_CONSULTANT_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(position)}
    done = CliRunner().invoke(app, [], prog_name="sales-consultant", env=asked)
    assert set(done.stdout.split()) == wanted
