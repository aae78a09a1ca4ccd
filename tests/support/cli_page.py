"""docs/reference/commands.md: every command with its real --help."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main
from typer.testing import CliRunner

from sales_consultant.cli import app

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "commands.md"
# Whatever terminal this runs on, the page is the same.
_PLAIN = {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
_INTRODUCTION = """Every command takes `--json` and then prints one JSON document on standard output, also for an error:
`{"error": {"code", "kind", "message", "action", "details"}}`. `serve` prints one JSON object a line, `sandbox serve`
the line `ready URL`. Progress and messages for people go to standard error. What a command ends with is on the page
[exit codes](exit-codes.md)."""


def commands() -> Iterator[tuple[str, ...]]:
    """The words of every registered command, groups before their own."""

    def walk(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        for name, child in getattr(command, "commands", {}).items():
            yield (*words, name)
            yield from walk(child, (*words, name))

    yield from walk(typer.main.get_command(app), ())


def groups() -> set[tuple[str, ...]]:
    """Words that only hold commands."""
    every = list(commands())
    return {c for c in every if any(len(o) > len(c) and o[: len(c)] == c for o in every)}


def help_of(words: tuple[str, ...]) -> str:
    """What `sales-consultant WORDS --help` prints."""
    done = CliRunner().invoke(app, [*words, "--help"], prog_name="sales-consultant", env=_PLAIN)
    assert done.exit_code == 0, done.output
    return "\n".join(line.rstrip() for line in done.output.strip().splitlines())


def page() -> str:
    """The page as Markdown."""
    parts = [
        "# Commands",
        _INTRODUCTION,
        f"```text\n{help_of(())}\n```",
    ]
    for words in commands():
        parts.append(f"## {' '.join(words)}" if len(words) == 1 else f"### {' '.join(words)}")
        parts.append(f"```text\n{help_of(words)}\n```")
    return "\n\n".join(parts) + "\n"
