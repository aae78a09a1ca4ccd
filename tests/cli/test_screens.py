"""Screens of real runs on the tiny company, as golden files; ids, digests and times of this machine's clock are left out.

`UPDATE_GOLDEN=1 python -m pytest tests/cli/test_screens.py` writes the files anew.
"""

import os
import re
from pathlib import Path

from support.office import Office

GOLDEN = Path(__file__).parent / "golden"
# In the order in which an admin types them.
COMMANDS = {
    "provision": (),
    "check": (),
    "plan": (),
    "sync": ("--yes",),
    "sync-again": ("--yes",),
    "status": (),
    "runs list": (),
    "evaluate": (),
    "models list": (),
    "rollback": ("--since", "2000-01-01", "--dry-run"),
}
# What differs from one machine or day to the next.
OURS = (
    # As many letters of an id as tell it from the others.
    (re.compile(r"\b\d{8}-\d{4,6}(-[0-9a-f]{0,4})?(?!\w)"), "RUN"),
    (re.compile(r"\b[0-9a-f]{7}\b"), "DIGEST"),
    (re.compile(r"(just now|in a moment|\d+ (second|minute)s? ago)( \([^)]*\))?"), "SOON"),
    (re.compile(r"\b\d+ s\b"), "SECONDS"),
    (re.compile(r"(?<=hubspot )\d+|(?<=portal )\d+"), "ORG"),
    # How much of what overlaps is read again hangs on the clock.
    (re.compile(r"\d+ (links|API calls)"), r"SOME \1"),
    (re.compile(r"\d+ of (?=[\d,]+ calls)"), "SOME of "),
)


def scrubbed(text: str) -> str:
    """The screen without what is another in every run; the spaces of a column that a width decides are one."""
    for pattern, word in OURS:
        text = pattern.sub(word, text)
    return re.sub(r"(?<=\S) {2,}", "  ", text)


def test_the_first_day_s_screens(desk: Office) -> None:
    for name, options in COMMANDS.items():
        done = desk.cli.run(*name.removesuffix("-again").split(), *options, code=0)
        text = scrubbed(done.out)
        file = GOLDEN / f"{name.replace(' ', '-')}.txt"
        if os.environ.get("UPDATE_GOLDEN"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8"), f"{file.name}: UPDATE_GOLDEN=1 writes it anew"
    assert {f.stem for f in GOLDEN.iterdir()} == {n.replace(" ", "-") for n in COMMANDS}
