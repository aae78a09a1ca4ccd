"""What is asked of a playbook: its mistakes, a rule, a record against all rules, what became of each rule."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class PlaybookCheck:
    """How many rules a playbook has by object, and what is odd in it."""

    file: str
    rules: int
    by_object: Mapping[str, int]
    findings: tuple[Mapping[str, str], ...]

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "file": self.file,
            "rules": self.rules,
            "by_object": dict(self.by_object),
            "findings": [dict(f) for f in self.findings],
        }


@dataclass(frozen=True)
class RuleStats:
    """What became of a rule: in the last run, and of all its steps. `answers` counts by value what reps answered.

    `share` is the playbook's, `share_in_force` what evidence and answers make of it: by it the rule is ordered. `evidence` has
    kind (past or random), change of the probability with its error, and the cases taken and left.
    """

    rule: str
    step: str
    last_run: Mapping[str, int] = field(default_factory=dict)
    given: int = 0
    showing: int = 0
    answers: Mapping[str, int] = field(default_factory=dict)
    share: float | None = None
    share_in_force: float | None = None
    evidence: Mapping[str, Any] | None = None

    @property
    def answered(self) -> int:
        """How many steps got an answer that judges them; "later" does not."""
        return sum(n for v, n in self.answers.items() if v != "later")

    @property
    def taken(self) -> float | None:
        """The share of the judged steps that were accepted or done; None where there is none."""
        good = self.answers.get("done", 0) + self.answers.get("accepted", 0)
        return good / self.answered if self.answered else None

    @property
    def mostly_wrong(self) -> bool:
        """Whether most of those who judged it, and not only one or two, called it wrong."""
        return self.answers.get("wrong", 0) >= _JUDGED and self.answers.get("wrong", 0) > self.answered / 2

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "rule": self.rule,
            "step": self.step,
            "last_run": dict(self.last_run),
            "given": self.given,
            "showing": self.showing,
            "answers": dict(self.answers),
            "taken": self.taken,
            "mostly_wrong": self.mostly_wrong,
            "share": self.share,
            "share_in_force": self.share_in_force,
            "evidence": None if self.evidence is None else dict(self.evidence),
        }


# A judgement: one rep who calls a rule wrong may be wrong.
_JUDGED = 3


@dataclass(frozen=True)
class PlaybookStats:
    """What became of each rule of the playbook; and of rules that are in it no more."""

    rules: tuple[RuleStats, ...]
    run: str | None

    def to_json(self) -> dict[str, Any]:
        """Under "rules"."""
        return {"run": self.run, "rules": [r.to_json() for r in self.rules]}


@dataclass(frozen=True)
class Part:
    """A part of a condition: its text, whether it holds ("yes", "no", "unknown"), and the facts that it asks of."""

    text: str
    holds: str
    facts: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return {"text": self.text, "holds": self.holds, "facts": dict(self.facts)}


@dataclass(frozen=True)
class RuleTest:
    """A rule against a record; `holds` is "yes", "no" or "unknown", `said` what stands in the way where it holds."""

    rule: str
    holds: str
    parts: tuple[Part, ...]
    said: str = ""
    step: str = ""
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "rule": self.rule,
            "holds": self.holds,
            "said": self.said,
            "step": self.step,
            "reason": self.reason,
            "parts": [p.to_json() for p in self.parts],
        }


@dataclass(frozen=True)
class RecordTest:
    """All rules against a record, with the step that it gets, or why none."""

    object: str
    record_id: str
    name: str
    step: str | None
    rule: str
    reason: str
    tests: tuple[RuleTest, ...]
    facts: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "object": self.object,
            "id": self.record_id,
            "name": self.name,
            "step": self.step,
            "rule": self.rule,
            "reason": self.reason,
            "rules": [t.to_json() for t in self.tests],
            "facts": dict(self.facts),
        }


@dataclass(frozen=True)
class RuleExplained:
    """A rule: its keys as they hold, the facts that it asks of, where it stands, and what became of it."""

    keys: Mapping[str, Any]
    names: Mapping[str, str]
    place: str
    findings: tuple[str, ...]
    stats: RuleStats | None

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "rule": dict(self.keys),
            "names": dict(self.names),
            "place": self.place,
            "findings": list(self.findings),
            "stats": self.stats.to_json() if self.stats else None,
        }


@dataclass(frozen=True)
class Converted:
    """A playbook with its tables of conditions as expressions; `file` is where it was written, empty for nowhere."""

    text: str
    changed: int
    file: str

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return {"changed": self.changed, "file": self.file, "text": self.text}
