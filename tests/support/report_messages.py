"""The messages of reports, found where they are said: `words("...")` in the code and in the page's template.

A message that is chosen from a table stands in a module's MESSAGES or TITLES.

Run as a program it prints those that the Chinese catalogue lacks, as entries of a .po file.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from sales_consultant.config.language.translation import BETWEEN, FOLDER, catalogue
from sales_consultant.insight.reports.words import CONTEXT

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT / "insight" / "reports", ROOT / "sync" / "insights")
TEMPLATES = ("report.html",)
TABLES = ("MESSAGES", "TITLES")
_IN_TEMPLATE = re.compile(r"words\('([^']+)'")


def _texts(node: ast.expr) -> Iterator[str]:
    """The texts of a literal, wherever they stand in it but as a key."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Tuple | ast.List | ast.Set):
        for one in node.elts:
            yield from _texts(one)
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from _texts(value)


def _said(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            of_words = name == "words" or (name == "self" and isinstance(node.func, ast.Name))
            if of_words:
                yield from _texts(node.args[0])
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(t, ast.Name) and t.id in TABLES for t in targets) and node.value is not None:
                yield from _texts(node.value)


def messages() -> set[str]:
    """All messages, in English."""
    found: set[str] = set()
    for folder in FOLDERS:
        for path in sorted(folder.rglob("*.py")):
            found |= set(_said(ast.parse(path.read_text(encoding="utf-8"))))
    for name in TEMPLATES:
        page = (ROOT / "config" / "templates" / name).read_text(encoding="utf-8")
        found |= set(_IN_TEMPLATE.findall(page))
    return found


def main() -> None:
    """Print what is missing, and what is said no more."""
    held = catalogue("zh")
    missing = Catalog(locale="zh_CN")
    for text in sorted(messages()):
        if f"{CONTEXT}{BETWEEN}{text}" not in held:
            missing.add(text, context=CONTEXT)
    write_po(__import__("sys").stdout.buffer, missing, omit_header=True, width=130)
    left = {k.rpartition(BETWEEN)[2] for k in held if k.startswith(f"{CONTEXT}{BETWEEN}")} - messages()
    for text in sorted(left):
        print(f"# said no more: {text}")


if __name__ == "__main__":
    print(f"# for {FOLDER.name}/zh.reports.po")
    main()
