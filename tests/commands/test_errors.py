"""What an error looks like: as golden files at 80 and 120 columns, on a real terminal, and in a pipe.

`UPDATE_GOLDEN=1 python -m pytest tests/commands` writes the files anew; look at the difference before committing it.
"""

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support import screen

from sales_consultant.cli import _WrongUse, app, fail
from sales_consultant.commands.output import failure
from sales_consultant.commands.output.plan import View
from sales_consultant.commands.output.writing.page import Page
from sales_consultant.commands.wrong_use import wrong_use
from sales_consultant.config.errors import ConfigError, Remedies, SalesConsultantError
from sales_consultant.config.secrets import resolve
from sales_consultant.config.settings import Settings, explain

GOLDEN = Path(__file__).parent / "golden"
WIDTHS = (80, 120)
COLOUR = re.compile(r"\x1b\[[0-9;]+m")


def settings() -> None:
    """Settings with several mistakes."""
    wrong = {
        "connections": {"main": {"crm": "hubspott", "tokn": "x"}},
        "populations": {"deals_new_business": {"event": "won"}},
        "guards": {"max_records": "many"},
        "proof": {"control_share": "abc"},
    }
    try:
        Settings(**wrong)  # type: ignore[arg-type]
    except ValueError as e:
        raise explain(e, "sales-consultant.toml") from e  # type: ignore[arg-type]


ERRORS: dict[str, Callable[[], object]] = {
    "settings": settings,
    "no-secret": lambda: resolve("main", "", keyring=None, environ={}),
    "field": lambda: View.of([], ["foo"], 1),
}


def raised(name: str) -> SalesConsultantError:
    with pytest.raises(SalesConsultantError) as e:
        ERRORS[name]()
    return e.value


def drawn(error: SalesConsultantError, width: int, *, colour: bool = False) -> str:
    page = Page(width=width, colour=colour, now=0)
    failure.show(page, error)
    return page.text()


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("width", WIDTHS)
def test_errors_are_as_they_were_looked_at(name: str, width: int) -> None:
    file = GOLDEN / f"error.{name}.{width}.txt"
    text = drawn(raised(name), width)
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8"), f"{file.name} is another: UPDATE_GOLDEN=1 writes it anew"
    assert all(len(line) <= width and not line.endswith(" ") for line in text.splitlines())
    assert COLOUR.sub("", drawn(raised(name), width, colour=True)) == text


def test_every_golden_file_is_of_an_error() -> None:
    golden = {f.name for f in GOLDEN.glob("error.*")}
    assert golden == {f"error.{n}.{w}.txt" for n in ERRORS for w in WIDTHS}


def test_a_command_to_copy_is_not_broken() -> None:
    command = "sales-consultant init --crm hubspot --connection main"
    error = ConfigError(
        "Nothing.", action=f"A long enough beginning of this line, and then: {command} (or more)"
    )
    assert command in drawn(error, 80)
    assert drawn(error, 80).splitlines()[-1] == f"  {command} (or more)"


def test_remedies_are_one_sentence_elsewhere() -> None:
    action = Remedies("Do one of these", "this", "that", "nothing")
    assert action == "Do one of these: this; that; or nothing."
    assert json.loads(json.dumps(ConfigError("x", action=action).as_dict()))["error"]["action"] == action


def test_an_error_in_a_pipe_is_whole_lines(capsys: pytest.CaptureFixture[str]) -> None:
    error = raised("no-secret")
    assert fail(error, as_json=False) == 3
    assert capsys.readouterr().err == f"{error.message}\n{error.action}\n"


@pytest.mark.slow
def test_a_terminal_gets_lines_of_its_width(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(
        "[connections.main]\nurl = 5\n[proof]\ncontrol_share = 3", encoding="utf-8"
    )
    code = (
        f"import os, sys; os.chdir({str(tmp_path)!r})\n"
        "sys.argv = ['sales-consultant', 'status', '--config', 's.toml']\n"
        "from sales_consultant.cli import main\n"
        "try:\n    main()\nexcept SystemExit as e:\n    assert e.code == 2"
    )
    for columns in (60, 120):
        text = screen.bytes_of([sys.executable, "-c", code], columns=columns)
        lines = COLOUR.sub("", text).split("\r\n")
        assert all(len(line) <= columns for line in lines)
        assert "In [proof] write, for example: control_share = 0.1" in lines
        assert any(line.startswith("    ") for line in lines) == (columns == 60)


@pytest.mark.parametrize(
    ("typed", "said", "action"),
    [
        ("plan --limit x", '--limit "x" is not valid: it takes a whole number of at least 0.',
         "Write, for example: --limit 10\nSee: sales-consultant plan --help"),
        ("plan --limit -1", '--limit "-1" is not valid: it takes a whole number of at least 0.', "--limit 10"),
        ("schedule next --limit 1.5", '"1.5" is not valid: it takes a whole number from 1 to 1000.', "--limit 10"),
        ("sync --max-share 3", '--max-share "3" is not valid: it takes a number from 0 to 1.', "--max-share 0.5"),
        ("sync --max-share nan", '"nan" is not valid: it takes a number from 0 to 1.', "--max-share 0.5"),
        ("sync --max-records many", "it takes a whole number of at least 0.", "--max-records 1"),
        ("sync --yes=3", "--yes takes no value.", "Write only: --yes"),
        ("pull --data-dir", "--data-dir needs a value.", "--data-dir VALUE"),
        ("plan --limti 3", 'sales-consultant plan has no option "--limti".', 'Did you mean "--limit"?'),
        ("plan --zzz", 'has no option "--zzz".', "See: sales-consultant plan --help"),
        ("pul", 'sales-consultant has no command "pul".', 'Did you mean "pull"?'),
        ("runs lst", 'sales-consultant runs has no command "lst".', 'Did you mean "list"?'),
        ("runs", "sales-consultant runs needs a command.", "See: sales-consultant runs --help"),
        ("plan x", 'sales-consultant plan takes no further argument, and was given one: "x".', "plan --help"),
        ("explain", "RECORD is missing.", "Write: sales-consultant explain RECORD"),
    ],
)  # fmt: skip
def test_wrong_use_is_told_in_our_words(typed: str, said: str, action: str) -> None:
    with pytest.raises(_WrongUse) as e:
        app(typed.split(), standalone_mode=False)
    error = wrong_use(e.value)
    assert said in error.message and action in error.action
    assert (error.code, error.kind) == (2, "usage")


def test_a_secret_on_the_command_line_is_not_repeated() -> None:
    for typed in ("login pat-eu1-0123456789", "plan --limit pat-eu1-0123456789", "pat-eu1-0123456789"):
        with pytest.raises(_WrongUse) as e:
            app(typed.split(), standalone_mode=False)
        assert "0123456789" not in str(wrong_use(e.value).as_dict()), typed
