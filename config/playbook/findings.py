"""What is odd in a playbook that can be used: rules that are never reached, and rules that contradict each other."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from sales_consultant.config.playbook.analysis import always_true, implies
from sales_consultant.config.playbook.expressions import parse, symbols
from sales_consultant.config.playbook.rules import Rule, reached, word_objects, words_in

# What says of a word in braces that there is nothing to put in its place.
_EMPTY: Mapping[str, tuple[str, ...]] = {
    "product": ('recommended_product == ""',),
    "stage": ('stage == ""',),
    "amount": ("not has_amount",),
    "close_date": ("not has_close_date",),
    "last_inbound": ("inbound < 1",),
    "last_outbound": ("outbound < 1",),
    "last_meeting": ("meetings < 1",),
    "last_purchase": ("purchases < 1", "not customer"),
    "first_purchase": ("purchases < 1", "not customer"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something odd about a rule, and the other rule it concerns."""

    kind: str
    rule: str
    other: str
    text: str


def findings(rules: tuple[Rule, ...]) -> list[Finding]:
    """Rules of which the one is never chosen, and rules that say different things where they hold alike."""
    alone = [f for rule in rules for f in _of_one(rule)]
    return alone + [f for one, other in combinations(rules, 2) for f in _pair(one, other)]


def _of_one(rule: Rule) -> Iterator[Finding]:
    if always_true(rule.condition, known=True):
        words = (
            f'holds wherever its facts are known: "{rule.when}" is met by every value.'
            if symbols(rule.condition)
            else f"has no condition: it holds for all {', '.join(rule.objects)}. Say in `when` what must hold."
        )
        yield Finding("no condition", rule.id, "", f'"{rule.id}" {words}')
    held = reached(rule.objects, rule.condition)
    for word in words_in(*rule.texts):
        if empty := next((e for e in _EMPTY.get(word, ()) if implies(rule.condition, parse(e))), ""):
            yield Finding(
                "empty word",
                rule.id,
                "",
                f'"{rule.id}" says {{{word}}}, and holds only where there is none: "{empty}".',
            )
        without = [o for o in rule.objects if o in held and o not in word_objects(word)]
        if without:
            yield Finding(
                "unknown word",
                rule.id,
                "",
                f'"{rule.id}" says {{{word}}}, which is not known of {", ".join(without)}.',
            )


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
