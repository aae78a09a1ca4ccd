"""What is worth a write, and what goes along with it: nights are quiet, and what a record shows agrees with itself.

A score that moved by less than 3 points, a grade that changed with it, a text, a time or a model's name never cause a
write. What is kept quiet is kept together: a write takes score, grade, reasons and step as one, so that records of one
score have one grade, and no text names a value that the record does not show (docs/decisions/writing-kept-together.md).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sales_consultant.config.fields.canon import Canonical
from sales_consultant.config.fields.catalogue import by_key
from sales_consultant.scoring.next_steps import is_news
from sales_consultant.scoring.propensity import grade
from sales_consultant.sync.plan.desired_values import SCORE_KEYS, STEP_KEYS

# What moves by less is not written (docs/explanation/scores.md, section 9). Judgements: no rep acts otherwise on 3
# points, 5 points of churn risk or a tenth of a value, and each write triggers the customer's own automation.
QUIET_POINTS = 3
QUIET_RISK = 5
QUIET_SHARE = Decimal("0.1")
LAST_WRITE = ("trend", *STEP_KEYS)
"""What is emptied when a score ends."""
TEXTS = ("next_step", "next_step_reason")
"""The texts that may name values of ours."""

_Values = dict[str, Canonical]


@dataclass(frozen=True, slots=True)
class Terms:
    """What values must agree with: the grade edges in force, which of our values each playbook rule's texts name, the day."""

    edges: Mapping[str, int] = field(default_factory=dict)
    named: Mapping[str, Collection[str]] = field(default_factory=dict)
    today: date | None = None

    def names(self, step_id: Canonical) -> Collection[str]:
        """The values that the texts of a step name; of a rule that is not in the playbook any more, none are known."""
        return self.named.get((step_id or "").rpartition("-")[0], ())


_NONE = Terms()


def quiet(
    wanted: _Values,
    current: _Values,
    foreign: set[str],
    terms: Terms = _NONE,
    *,
    renew: Collection[str] = (),
) -> _Values:
    """The values to write; empty where nothing moved enough to be worth a write.

    `foreign` are fields that people changed, `renew` those that hold a text of ours in another language.

    >>> quiet({"score": "62", "grade": "B"}, {"score": "60", "grade": "C"}, set())
    {}
    >>> quiet({"score": "64", "grade": "B"}, {"score": "60", "grade": "C"}, set())
    {'score': '64', 'grade': 'B'}
    >>> quiet({"score": "62", "grade": "B"}, {"score": "60", "grade": "A"}, {"grade"})
    {'score': '62', 'grade': 'B'}
    >>> quiet({"reasons": "其他：+0"}, {"reasons": "Other: +0"}, set(), renew={"reasons"})
    {'reasons': '其他：+0'}
    >>> quiet({"score": "61", "grade": "A"}, {"score": "60", "grade": "B"}, set(), Terms({"A": 60, "B": 55, "C": 50}))
    {'score': '61', 'grade': 'A'}
    """
    wanted = dict(wanted)
    words = {k: wanted[k] for k in TEXTS if k in wanted}
    stands = wanted.get("next_step_id") and wanted["next_step_id"] == current.get("next_step_id")
    if stands:
        # The same step stays as it was given: its date and words do not wander from night to night.
        for key in STEP_KEYS:
            if current.get(key) is not None and key not in foreign:
                wanted[key] = current[key]
    differ = {k: v for k, v in wanted.items() if v != current.get(k)}
    worth_it = (
        _no_step_is_news(wanted, current, terms.today)
        or any({**wanted, **words}.get(k, current.get(k)) != current.get(k) for k in renew)
        or any(_moved(k, wanted, current) for k in differ)
        or foreign & differ.keys()
    )
    if not worth_it and not _regraded(wanted, current, terms):
        return {}
    if stands:
        # It is written anyway: its words are said anew, so that they name what is true now, and the date stays.
        wanted |= words
    return {k: v for k, v in wanted.items() if v != current.get(k)}


def agreeing(
    changed: _Values,
    wanted: _Values,
    current: _Values,
    *,
    on_hold: Collection[str],
    kept: Collection[str],
    terms: Terms = _NONE,
) -> _Values:
    """The changes that are not `on_hold`, less those after which a text would name what the record does not show.

    `wanted` is all that the record should hold; in the fields that are `kept` people's values stay. A step of which a part is
    on hold stays whole. One whose texts name what cannot be written is not given; where the texts of the step that stands
    cannot be renewed, the score stays as they say it.
    """
    free = {k: v for k, v in changed.items() if k not in on_hold}
    if any(k in on_hold for k in (*TEXTS, "next_step_id")):
        free = {k: v for k, v in free.items() if k not in STEP_KEYS}
    if _agree(free, wanted, current, kept, terms):
        return free
    free = {k: v for k, v in free.items() if k not in STEP_KEYS}
    if _agree(free, wanted, current, kept, terms):
        return free
    return {k: v for k, v in free.items() if k not in SCORE_KEYS}


def _agree(free: _Values, wanted: _Values, current: _Values, kept: Collection[str], terms: Terms) -> bool:
    """Whether the texts that the record will show name the values that it will show."""
    shown = {**current, **free}
    new_words = any(k in free for k in TEXTS)
    names = [n for n in terms.names(shown.get("next_step_id")) if new_words or n not in kept]
    fresh = all(shown.get(k) == wanted[k] for k in TEXTS if k in wanted)
    said = wanted if fresh else current
    return all(shown.get(n) == said.get(n) for n in names)


def _moved(key: str, wanted: _Values, current: _Values) -> bool:
    """Whether a field's difference alone is worth a write."""
    if key not in wanted or wanted[key] == current.get(key):
        return False
    old, new = current.get(key), wanted[key]
    described = by_key(key)
    if described.retired:
        return True
    if described.rides:
        # Emptied at the end of a score, a rider is the last write itself.
        return new is None and key in LAST_WRITE
    if old is None or new is None:
        return True
    if key == "grade" and "score" in wanted:
        return _moved("score", wanted, current)
    if key == "score":
        return abs(int(new) - int(Decimal(old))) >= QUIET_POINTS if is_number(old) else True
    if key == "churn_risk":
        return abs(Decimal(new) - Decimal(old)) >= QUIET_RISK if is_number(old) else True
    if described.type == "money":
        return abs(Decimal(new) - Decimal(old)) > QUIET_SHARE * abs(Decimal(old)) if is_number(old) else True
    return True


def _no_step_is_news(wanted: _Values, current: _Values, today: date | None) -> bool:
    """Whether the record shows no step, and the reason why it has none is another one than it says, or is over."""
    why = wanted.get("next_step_reason")
    if (
        not why
        or wanted.get("next_step")
        or current.get("next_step")
        or why == current.get("next_step_reason")
    ):
        return False
    shown = current.get("next_step_reason")
    return not shown or is_news(why, shown, today)


def _regraded(wanted: _Values, current: _Values, terms: Terms) -> bool:
    """Whether the shown score has another grade by the edges in force: beside it, records of that score show that one."""
    score, shown = current.get("score"), current.get("grade")
    if not terms.edges or None in (wanted.get("score"), wanted.get("grade"), shown):
        return False
    return score is not None and is_number(score) and grade(int(Decimal(score)), dict(terms.edges)) != shown


def is_number(text: str) -> bool:
    """Whether a text is a finite number."""
    try:
        return Decimal(text).is_finite()
    except ArithmeticError:
        return False
