"""What is odd in a playbook that can be used: rules that are never reached, and rules that contradict each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from sales_consultant.config.playbook.analysis import always_true, implies
from sales_consultant.config.playbook.expressions import symbols
from sales_consultant.config.playbook.rules import Rule


@dataclass(frozen=True, slots=True)
class Finding:
    """Something odd about a rule, and the other rule it concerns."""

    kind: str
    rule: str
    other: str
    text: str


def findings(rules: tuple[Rule, ...]) -> list[Finding]:
    """Rules of which the one is never chosen, and rules that say different things where they hold alike."""
    found = [
        Finding(
            "no condition",
            rule.id,
            "",
            f'"{rule.id}" holds wherever its facts are known: "{rule.when}" is met by every value.',
        )
        for rule in rules
        if symbols(rule.condition) and always_true(rule.condition, known=True)
    ]
    return found + [f for one, other in combinations(rules, 2) for f in _pair(one, other)]


def _pair(one: Rule, other: Rule) -> Iterator[Finding]:
    """`one` stands before `other`, which decides between equals."""
    if not set(one.objects) & set(other.objects):
        return
    within, around = implies(other.condition, one.condition), implies(one.condition, other.condition)
    if within and around and set(one.objects) == set(other.objects):
        if one.step != other.step or one.pause != other.pause:
            yield Finding(
                "contradiction",
                one.id,
                other.id,
                f'"{one.id}" and "{other.id}" hold for the same records and say different things: "{one.step}" and '
                f'"{other.step}". Keep one of them, or tell them apart in `when`.',
            )
        else:
            yield Finding("same", other.id, one.id, f'"{other.id}" says the same as "{one.id}".')
        return
    if within and _first(one, other, equal=True):
        yield _hidden(other, one)
    elif around and _first(other, one, equal=False):
        yield _hidden(one, other)


def _hidden(never: Rule, before: Rule) -> Finding:
    why = "pauses the record" if before.pause else "is worth at least as much there"
    return Finding(
        "never reached",
        never.id,
        before.id,
        f'"{never.id}" is never reached: wherever it holds, "{before.id}" holds too and {why}.',
    )


def _first(before: Rule, after: Rule, *, equal: bool) -> bool:
    """Whether a rule is always chosen before another where both hold, without evidence and whatever is blocked."""
    if not set(after.objects) <= set(before.objects):
        return False
    if before.channel not in ("none", after.channel):
        return False
    if before.pause != after.pause:
        return before.pause
    more = before.share > after.share or (before.share == after.share and equal)
    # A cooling-off gives the other one its turn.
    return more and before.cost <= after.cost and not before.cooling_off_days
