"""A playbook of release 0.3 or before with its tables of conditions written as expressions."""

import json
import re
import tomllib

from sales_consultant.config.playbook.loading import PlaybookError, parse

_RULES = re.compile(r"^\s*\[\[\s*rules\s*\]\]")
_WHEN = re.compile(r"^(\s*when\s*=\s*)\{.*\}(\s*(?:#.*)?)$")


def converted(text: str, *, name: str = "playbook") -> tuple[str, int]:
    """The text with each `when = { ... }` of one line as an expression, and how many there were.

    All else stays as it is written, comments too; a table of several lines (`[rules.when]`) goes on working as it is.

    Raises:
        PlaybookError: the playbook cannot be used as it is, or the new one would not say the same.
    """
    book = parse(text, name=name)
    raw = tomllib.loads(text)["rules"]
    lines, done, number = [], 0, -1
    for line in text.splitlines(keepends=True):
        number += bool(_RULES.match(line))
        found = _WHEN.match(line.rstrip("\r\n"))
        # An empty table says that there is no condition; an expression that always holds is a mistake.
        table = 0 <= number < len(raw) and isinstance(raw[number].get("when"), dict)
        if found and table and book.rules[number].when != "true":
            end = line[len(line.rstrip("\r\n")) :]
            line = f"{found.group(1)}{_quoted(book.rules[number].when)}{found.group(2)}{end}"
            done += 1
        lines.append(line)
    new = "".join(lines)
    if parse(new, name=name) != book:
        raise PlaybookError(
            f"{name} is written in a way that cannot be converted line by line.",
            action="Write the conditions as expressions by hand; playbook explain RULE shows each.",
        )
    return new, done


def _quoted(expression: str) -> str:
    """An expression as a text of TOML: without escapes where it holds no quote of that kind."""
    return json.dumps(expression, ensure_ascii=False) if "'" in expression else f"'{expression}'"
