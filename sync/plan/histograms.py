"""How much a plan changes: for every field, how many records by how far the value moves."""

from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from sales_consultant.config.fields.canon import Canonical
from sales_consultant.config.fields.catalogue import by_key
from sales_consultant.config.language.numbers import percent

FIRST, EMPTIED, CHANGED = "first value", "emptied", "changed"
# Edges of the bins: judgements, small steps where most values move.
_POINTS = (1, 3, 5, 10, 20, 30)
_CHANCES = tuple(Decimal(t) for t in ("0.01", "0.02", "0.05", "0.1", "0.2", "0.3"))
_SHARES = tuple(Decimal(t) for t in ("0.1", "0.25", "0.5", "1"))


def _steps(moved: Decimal, edges: Iterable[Any], show: Callable[[Any], str]) -> tuple[int, str]:
    """The bin of a movement, with the place it is listed at: falls first, the largest on top."""
    sign = "+" if moved > 0 else "-"
    size, place, low = abs(moved), 0, None
    for place, edge in enumerate(edges, 1):  # noqa: B007 - what the loop ends with is used
        if size < edge:
            break
        low = edge
    else:
        place += 1
        return (place if moved > 0 else -place), f"{sign}{show(low)} or more"
    text = f"less than {sign}{show(edge)}" if low is None else f"{sign}{show(low)} to {sign}{show(edge)}"
    return (place if moved > 0 else -place), text


def _bin(key: str, old: Canonical, new: Canonical) -> tuple[int, str]:
    if old is None or old == "":
        return 98, FIRST
    if new is None:
        return 99, EMPTIED
    field = by_key(key)
    if field.type == "enumeration":
        return 0, f"{old} → {new}"
    if field.type not in ("number", "money"):
        return 0, CHANGED
    try:
        before, after = Decimal(old), Decimal(new)
    except ArithmeticError:
        # What a person typed there.
        return 0, CHANGED
    if field.type == "money":
        share = (after - before) / abs(before) if before else Decimal(1 if after > 0 else -1)
        return _steps(share, _SHARES, percent)
    if key == "probability":
        return _steps(after - before, _CHANCES, lambda e: f"{e}")
    return _steps(after - before, _POINTS, lambda e: f"{e}")


def histograms(changes: Iterable[tuple[str, Canonical, Canonical]]) -> list[dict[str, Any]]:
    """Rows of field, change and records, by field, falls before rises; from (field, old, new) of all changes.

    >>> rows = histograms([("score", "50", "58"), ("score", "70", None), ("grade", "B", "A")])
    >>> [(r["field"], r["change"], r["records"]) for r in rows]
    [('grade', 'B → A', 1), ('score', '+5 to +10', 1), ('score', 'emptied', 1)]
    """
    counted = Counter((key, *_bin(key, old, new)) for key, old, new in changes)
    return [{"field": key, "change": text, "records": n} for (key, _, text), n in sorted(counted.items())]
