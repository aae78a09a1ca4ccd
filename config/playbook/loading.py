"""Reading a playbook, and what is wrong in one: file, line and column, the rule, the key, and the nearest known name."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sales_consultant.config.language.given import given, is_hidden
from sales_consultant.config.language.validation import Loc, Problem, problems, quoted
from sales_consultant.config.playbook.analysis import always_true, never_true
from sales_consultant.config.playbook.conditions_table import Conditions
from sales_consultant.config.playbook.expressions import ExpressionError
from sales_consultant.config.playbook.expressions import parse as parse_expression
from sales_consultant.config.playbook.names import OBJECTS
from sales_consultant.config.playbook.positions import find
from sales_consultant.config.playbook.rules import PREPARE, WORDS, Playbook, check_words, unknown_of

DELIVERED = Path(__file__).with_name("playbook.toml")
_CHANGE = "Change what is named in the playbook, then run the command again."
_LINE = re.compile(r"at line (\d+), column (\d+)")


class PlaybookError(ValueError):
    """The playbook cannot be used; the text names the rule, the key and, for a typing slip, the nearest key.

    `action` says what to write instead.
    """

    def __init__(self, text: str, *, action: str) -> None:
        super().__init__(text)
        self.action = action


def read_text(path: Path) -> str:
    """The text of a playbook's file.

    Raises:
        PlaybookError: the file cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise PlaybookError(
            f"The playbook {path} cannot be read: {reason}.", action="Check [next_steps] playbook."
        ) from error


def load(path: Path | None = None) -> Playbook:
    """The playbook of a file; without one, the playbook that comes with the package."""
    chosen = path or DELIVERED
    return parse(read_text(chosen), name=chosen.name)


def parse(text: str, *, name: str = "playbook") -> Playbook:
    """A playbook from TOML; a PlaybookError says what to change, a line a problem."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PlaybookError(f"{name} is not valid TOML: {error}", action="Correct that line.") from error
    reading = _Reading(text, name, data)
    reading.convert_tables()
    reading.look_at_conditions()
    reading.look_at_objects()
    reading.look_at_ids()
    try:
        book = Playbook.model_validate(reading.rest())
    except ValidationError as error:
        reading.model_says(error)
    else:
        if not reading.lines:
            return book
    told = "\n".join(line for _, line in sorted(reading.lines, key=lambda at: at[0]))
    raise PlaybookError(
        f"{name} cannot be used:\n{told}", action="\n".join(dict.fromkeys(reading.advice)) or _CHANGE
    )


class _Reading:
    """One playbook while it is read, with what is wrong in it so far."""

    def __init__(self, text: str, name: str, data: dict[str, Any]) -> None:
        self.text, self.name, self.data = text, name, data
        # Each with where it stands in the text.
        self.lines: list[tuple[tuple[int, int], str]] = []
        self.advice: list[str] = []
        self._unconditional: set[int] = set()
        self._told_when: set[int] = set()
        self._told_objects: set[Loc] = set()
        self._told_id = False

    @property
    def _rules(self) -> list[tuple[int, dict[str, Any]]]:
        rules = self.data.get("rules")
        return [(n, r) for n, r in enumerate(rules) if isinstance(r, dict)] if isinstance(rules, list) else []

    def convert_tables(self) -> None:
        """A `when` that is a table of keys becomes an expression."""
        for number, rule in self._rules:
            when = rule.get("when", {})
            if not isinstance(when, dict):
                continue
            try:
                rule["when"] = Conditions.model_validate(when).expression
                self._unconditional |= {number} if rule["when"] == "true" else set()
            except ValidationError as error:
                for problem in problems(error, Conditions, name=lambda k: quoted(("when", *k))):
                    self._say(problem, ("rules", number, "when"))
                self._told_when.add(number)

    def look_at_conditions(self) -> None:
        """Conditions that cannot be read, hold always, or can never hold."""
        for number, rule in self._rules:
            when = rule.get("when")
            if not isinstance(when, str):
                continue
            try:
                tree = parse_expression(when)
            except ExpressionError as error:
                self._tell(number, "when", f"when: {error}", error.at)
                continue
            # Where nothing is said, as playbooks of earlier releases do, it is a finding (see `findings`).
            if always_true(tree) and number not in self._unconditional:
                self._tell(number, "when", f"when: {given(when)} is always true; say what must hold")
            elif never_true(tree):
                self._tell(number, "when", f"when: {given(when)} can never be true")

    def look_at_objects(self) -> None:
        """Facts and words that are known of none of a rule's objects."""
        for number, rule in self._rules:
            objects, when = rule.get("objects"), rule.get("when")
            if number in self._told_when or not isinstance(when, str) or not isinstance(objects, list):
                continue
            if not all(isinstance(o, str) and o in OBJECTS for o in objects):
                continue
            for text in unknown_of(objects, parse_expression(when), _texts(rule)):
                self._say(Problem(("rules", number), text), ())
                self._told_objects.add(("rules", number))

    def rest(self) -> dict[str, Any]:
        """The data for the model, without the conditions that were found wrong."""
        rules = self.data.get("rules")
        if not isinstance(rules, list):
            return self.data
        return self.data | {
            "rules": [{**r, "when": "true"} if n in self._told_when else r for n, r in enumerate(rules)]
        }

    def look_at_ids(self) -> None:
        """An id that an earlier rule has, or that is the step's where something is planned."""
        seen: set[str] = {PREPARE}
        for number, rule in self._rules:
            name = rule.get("id")
            if not isinstance(name, str):
                continue
            if name in seen:
                # By its number: the id is that of two rules.
                keys = ("rules", number, "id")
                why = "is the step's where something is planned" if name == PREPARE else "is used twice"
                self._add(keys, f"rule {number + 1}: the id {given(name)} {why}")
                self._told_id = True
            seen.add(name)

    def model_says(self, error: ValidationError) -> None:
        """What the model finds wrong."""

        def called(keys: Loc) -> str:
            rule = self._rule(keys)
            return quoted(keys[2:]) or "it" if rule else quoted(keys)

        for problem in problems(error, Playbook, name=called):
            # The model stops at the first of these; what concerns all rules at once is their ids.
            if problem.keys not in self._told_objects and (problem.keys or not self._told_id):
                self._say(problem, ())

    def _say(self, problem: Problem, before: Loc) -> None:
        keys = (*before, *problem.keys)
        rule = self._rule(keys)
        *_, key = problem.keys or ("",)
        self._add(keys, f"{rule}: {problem.text}" if rule else problem.text)
        if problem.example and isinstance(key, str):
            written = ".".join(map(str, keys[2:] if rule else keys))
            where = f"In {rule} write" if rule else "Write"
            self.advice.append(f"{where}, for example: {written} = {problem.example}")

    def _tell(self, number: int, key: str, text: str, offset: int = 0) -> None:
        keys = ("rules", number, key)
        self._told_when.add(number)
        self._add(keys, f"{self._rule(keys)}: {text}", offset)

    def _add(self, keys: Loc, text: str, offset: int = 0) -> None:
        """A mistake with its place; each is told once."""
        table, *inner = keys or ("",)
        number = inner[0] if inner and isinstance(inner[0], int) else None
        key = "".join(map(str, inner[number is not None :][:1]))
        at = find(self.text, str(table), number, key, offset)
        place = f"{self.name}:{at.line}:{at.column}: " if at else ""
        line = ((at.line, at.column) if at else (0, 0), f"{place}{text}")
        if line not in self.lines:
            self.lines.append(line)

    def _rule(self, keys: Loc) -> str:
        """The rule in which something is, by its id, or by its number where it has none; empty outside of rules."""
        if keys[:1] != ("rules",) or len(keys) < 2 or not isinstance(keys[1], int):
            return ""
        rule = self.data["rules"][keys[1]]
        name = rule.get("id") if isinstance(rule, dict) else None
        shown = isinstance(name, str) and not is_hidden(name)
        return f"rule {given(name)}" if shown else f"rule {keys[1] + 1}"


def _texts(rule: dict[str, Any]) -> Iterator[str]:
    """The texts of a rule that can be read, as far as they are texts; what is wrong with the others is told elsewhere."""
    own = rule.get("translations")
    tables = [rule, *(own.values() if isinstance(own, dict) else ()), rule.get("draft")]
    for table in tables:
        for key in ("step", "reason", "subject", "body"):
            text = table.get(key) if isinstance(table, dict) else None
            if isinstance(text, str):
                try:
                    yield check_words(text, WORDS)
                except ValueError:
                    continue
