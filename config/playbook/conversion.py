"""A playbook of release 0.3 or before with its tables of conditions written as expressions."""

import re
import tomllib

from sales_consultant.config.playbook.loading import parse


def converted(text: str, *, name: str = "playbook") -> tuple[str, int]:
    """The text with each `when = { ... }` of one line as an expression, and how many there were.

    All else stays as it is written, comments too.

    Raises:
        PlaybookError: the playbook cannot be used as it is.
    """
    book = parse(text, name=name)
    rules = tomllib.loads(text)["rules"]
    expressions = iter(
        rule.when for rule, raw in zip(book.rules, rules, strict=True) if isinstance(raw.get("when"), dict)
    )
    lines, done = [], 0
    for line in text.splitlines(keepends=True):
        found = re.match(r"^(\s*when\s*=\s*)\{.*\}(\s*(#.*)?)$", line.rstrip("\n"))
        if found:
            line = f"{found.group(1)}'{next(expressions)}'{found.group(2)}\n"
            done += 1
        lines.append(line)
    return "".join(lines), done
