"""Reading a playbook, and what is wrong in one: file, line and column, the rule, the key, and the nearest known name."""

import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sales_consultant.config.language.given import given, is_hidden
from sales_consultant.config.language.validation import Loc, Problem, problems, quoted
from sales_consultant.config.playbook.analysis import always_true, never_true
from sales_consultant.config.playbook.conditions_table import Conditions
from sales_consultant.config.playbook.expressions import ExpressionError, symbols
from sales_consultant.config.playbook.expressions import parse as parse_expression
from sales_consultant.config.playbook.positions import find
from sales_consultant.config.playbook.rules import PREPARE, Playbook

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
    reading.look_at_ids()
    if not reading.lines:
        try:
            return Playbook.model_validate(data)
        except ValidationError as error:
            reading.model_says(error)
    told = "\n".join(reading.lines)
    raise PlaybookError(
        f"{name} cannot be used:\n{told}", action="\n".join(dict.fromkeys(reading.advice)) or _CHANGE
    )


class _Reading:
    """One playbook while it is read, with what is wrong in it so far."""

    def __init__(self, text: str, name: str, data: dict[str, Any]) -> None:
        self.text, self.name, self.data = text, name, data
        self.lines: list[str] = []
        self.advice: list[str] = []

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
            except ValidationError as error:
                for problem in problems(error, Conditions, name=lambda k: quoted(("when", *k))):
                    self._say(problem, ("rules", number, "when"))

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
            # "true" is said on purpose; what names facts and holds whatever they are is a slip.
            if symbols(tree) and always_true(tree):
                self._tell(number, "when", f"when: {given(when)} is always true; say what must hold")
            elif never_true(tree):
                self._tell(number, "when", f"when: {given(when)} can never be true")

    def look_at_ids(self) -> None:
        """An id that an earlier rule has, or that is the step's where something is planned."""
        seen: set[str] = {PREPARE}
        for number, rule in self._rules:
            name = rule.get("id")
            if not isinstance(name, str):
                continue
            if name in seen:
                # By its number: the id is that of two rules.
                place = self._place(("rules", number, "id"))
                why = "is the step's where something is planned" if name == PREPARE else "is used twice"
                self.lines.append(f"{place}rule {number + 1}: the id {given(name)} {why}")
            seen.add(name)

    def model_says(self, error: ValidationError) -> None:
        """What the model finds wrong."""

        def called(keys: Loc) -> str:
            rule = self._rule(keys)
            return quoted(keys[2:]) or "it" if rule else quoted(keys)

        for problem in problems(error, Playbook, name=called):
            self._say(problem, ())

    def _say(self, problem: Problem, before: Loc) -> None:
        keys = (*before, *problem.keys)
        rule = self._rule(keys)
        *_, key = problem.keys or ("",)
        place = self._place(keys)
        self.lines.append(f"{place}{rule}: {problem.text}" if rule else f"{place}{problem.text}")
        if problem.example and isinstance(key, str):
            written = ".".join(map(str, keys[2:] if rule else keys))
            where = f"In {rule} write" if rule else "Write"
            self.advice.append(f"{where}, for example: {written} = {problem.example}")

    def _tell(self, number: int, key: str, text: str, offset: int = 0) -> None:
        keys = ("rules", number, key)
        self.lines.append(f"{self._place(keys, offset)}{self._rule(keys)}: {text}")

    def _place(self, keys: Loc, offset: int = 0) -> str:
        table, *inner = keys or ("",)
        number = inner[0] if inner and isinstance(inner[0], int) else None
        key = "".join(map(str, inner[number is not None :][:1]))
        at = find(self.text, str(table), number, key, offset)
        return f"{self.name}:{at.line}:{at.column}: " if at else ""

    def _rule(self, keys: Loc) -> str:
        """The rule in which something is, by its id, or by its number where it has none; empty outside of rules."""
        if keys[:1] != ("rules",) or len(keys) < 2 or not isinstance(keys[1], int):
            return ""
        rule = self.data["rules"][keys[1]]
        name = rule.get("id") if isinstance(rule, dict) else None
        shown = isinstance(name, str) and not is_hidden(name)
        return f"rule {given(name)}" if shown else f"rule {keys[1] + 1}"
