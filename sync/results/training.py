"""Forward tests, and what a training did."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sales_consultant.config.clock import iso
from sales_consultant.sync.results.runs import RunDone

BETTER = "better than base rate"
NO_BETTER = "no better than base rate"
TOO_LITTLE = "too little data"


@dataclass(frozen=True)
class Part:
    """How a part of a forward test went: its rows, and their AUC."""

    n: int
    auc: float


@dataclass(frozen=True)
class GradeSeen:
    """A grade in a forward test: its rows and the share of them with the event (0 to 1), with its interval."""

    grade: str
    rows: int
    rate: float
    low: float
    high: float


@dataclass(frozen=True)
class LeftOut:
    """A column that a model did not learn from, and why."""

    column: str
    kind: str = ""
    evidence: str = ""


@dataclass(frozen=True)
class SuspectColumn:
    """A column that looks known only when a record has ended, and whether the model learns from it all the same.

    The two AUC are of models of all columns and of those without any suspect, None where they were not measured.
    """

    column: str
    evidence: str
    used: bool
    question: str
    auc_with: float | None = None
    auc_without: float | None = None

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> "SuspectColumn":
        """From a stored report."""
        figures = {k: found.get(k) for k in ("auc_with", "auc_without")}
        return cls(found["column"], found["evidence"], bool(found["used"]), found["question"], **figures)


@dataclass(frozen=True)
class ForwardTest:
    """The newest test of a population's model on later rows; `as_of` in milliseconds UTC, `report` as it was stored.

    What is None was not measured, as all figures where there was too little data.
    """

    name: str
    digest: str
    as_of: int | None
    published: bool
    drift: float | None
    report: Mapping[str, Any]

    @property
    def verdict(self) -> str:
        """One of the verdicts above."""
        return str(self.report.get("verdict") or "")

    @property
    def why(self) -> str:
        """Why it was published or not."""
        return str(self.report.get("why") or "")

    @property
    def dry_run(self) -> bool:
        """Whether it comes from a training that publishes nothing."""
        return bool(self.report.get("dry_run"))

    def figure(self, key: str) -> float | None:
        """One of auc, auc_low, auc_high, log_loss, base_log_loss, base_rate, ...; None where it was not measured."""
        found = self.report.get(key)
        return None if found is None else float(found)

    @property
    def rows(self) -> int:
        """Rows of the test."""
        return int(self.report.get("n") or 0)

    @property
    def positives(self) -> int:
        """Rows of the test with the event."""
        return int(self.report.get("positives") or 0)

    @property
    def grades(self) -> tuple[GradeSeen, ...]:
        """The grades that are given, best first."""
        keys = ("grade", "rows", "rate", "low", "high")
        return tuple(GradeSeen(**{k: g[k] for k in keys}) for g in self.report.get("grades") or ())

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Columns that the model does without: those that seem to know the outcome, and those that are ruled out."""
        found = [x for x in self.report.get("leaks") or () if not _is_suspect(x)]
        return tuple(left_out(x) for x in found)

    @property
    def suspects(self) -> tuple[SuspectColumn, ...]:
        """Columns that look known only when a record has ended; older reports know none."""
        return tuple(SuspectColumn.of(x) for x in self.report.get("suspects") or ())

    @property
    def warnings(self) -> tuple[str, ...]:
        """Doubts, each a sentence."""
        return tuple(str(w) for w in self.report.get("warnings") or ())

    @property
    def parts(self) -> tuple[tuple[str, Part], ...]:
        """Parts of the test that were large enough to be judged, by what they are."""
        report = self.report
        named = [
            ("companies unseen in training", report.get("unseen")),
            *(report.get("moments") or {}).items(),
            ("without the seller's doings", report.get("without_seller")),
            ("without fields of today's value only", report.get("without_undated")),
            *(report.get("exposure") or {}).items(),
        ]
        return tuple((str(name), Part(int(f["n"]), float(f["auc"]))) for name, f in named if f)

    def to_json(self) -> dict[str, Any]:
        """The stored report with the model's name and digest."""
        return {
            "name": self.name,
            "digest": self.digest,
            "as_of": iso(self.as_of),
            "published": self.published,
            "drift": self.drift,
            **self.report,
        }


def beyond_the_verdict(why: str) -> str:
    """Why a model came into force or not, without the clause that says its verdict once more.

    >>> beyond_the_verdict("better than the base rate on 475 later rows; against the model in force: as good")
    'against the model in force: as good'
    """
    return "; ".join(
        c for c in why.split("; ") if not c.startswith(("better than the base", "no better than the base"))
    )


def _is_suspect(found: Any) -> bool:
    return isinstance(found, Mapping) and found.get("verdict") == "suspect"


def left_out(found: Any) -> LeftOut:
    """A column that a report lists; older reports held its name alone."""
    if not isinstance(found, Mapping):
        return LeftOut(str(found))
    return LeftOut(str(found.get("column", "")), str(found.get("kind", "")), str(found.get("evidence", "")))


@dataclass(frozen=True)
class ForwardTests:
    """One test a population."""

    tests: tuple[ForwardTest, ...]

    def to_json(self) -> dict[str, Any]:
        """Under "forward_tests"."""
        return {"forward_tests": [t.to_json() for t in self.tests]}


@dataclass(frozen=True)
class Figures:
    """A model's verdict and figures; None where there are none, as for segments."""

    digest: str
    verdict: str | None = None
    auc: float | None = None
    auc_low: float | None = None
    auc_high: float | None = None
    log_loss: float | None = None
    base_log_loss: float | None = None
    n: int | None = None

    @classmethod
    def of(cls, report: Mapping[str, Any], digest: str) -> "Figures":
        """From a stored report."""
        keys = ("verdict", "auc", "auc_low", "auc_high", "log_loss", "base_log_loss", "n")
        return cls(digest[:12], **{k: report.get(k) for k in keys})


@dataclass(frozen=True)
class GradeMove:
    """Open records that get another grade."""

    old: str
    new: str
    records: int


@dataclass(frozen=True)
class MovedRecord:
    """An open record that gets another grade: which, and its score and grade as "B to A"."""

    record: str
    name: str
    score: str
    grade: str


@dataclass(frozen=True)
class Retrained:
    """A trained model beside the one that was in force.

    `gate` is the comparison of the two as JSON tells it, None where there was none to compare with.
    """

    name: str
    kind: str
    digest: str
    published: bool
    would_publish: bool
    in_force_already: bool
    why: str
    new: Figures
    old: Figures | None
    gate: Mapping[str, Any] | None = None
    examples: tuple[MovedRecord, ...] = ()

    @property
    def graded(self) -> int:
        """Open records that both models grade."""
        return sum((self.gate or {}).get("grades", {}).values())

    @property
    def changed(self) -> float | None:
        """The share of them whose grade changes; None where nothing was compared."""
        found = (self.gate or {}).get("changed")
        return None if found is None else float(found)

    @property
    def moves(self) -> tuple[GradeMove, ...]:
        """Which grade becomes which."""
        grade_moves = []
        for move, records in (self.gate or {}).get("grades", {}).items():
            old, new = move.split(" to ")
            if old != new:
                grade_moves.append(GradeMove(old, new, int(records)))
        return tuple(grade_moves)

    def to_json(self) -> dict[str, Any]:
        """One row of "models"."""
        return {
            **vars(self),
            "new": vars(self.new),
            "old": None if self.old is None else vars(self.old),
            "gate": None if self.gate is None else dict(self.gate),
            "examples": [dict(vars(e)) for e in self.examples],
        }


@dataclass(frozen=True)
class TrainingDone:
    """What a training did: the models beside those before them, and the newest test of each."""

    run: RunDone
    dry_run: bool
    models: tuple[Retrained, ...]
    tests: tuple[ForwardTest, ...]

    def to_json(self) -> dict[str, Any]:
        """The run with "models" and "forward_tests"."""
        return {
            **self.run.to_json(),
            "dry_run": self.dry_run,
            "models": [m.to_json() for m in self.models],
            "forward_tests": [t.to_json() for t in self.tests],
        }
