"""Conditions over a table of facts, a column at a time, with three truths: true, false and unknown.

The logic is Kleene's (1952): what is unknown makes neither a condition nor its opposite true, `false and unknown` is
false, `true or unknown` is true. `in`, comparisons and sums of something unknown are unknown.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.config.playbook import BY_NAME
from sales_consultant.config.playbook.expressions import Compare, Constant, Logic, Node, Sum, Symbol

Bools = NDArray[np.bool_]


class Truth(NamedTuple):
    """Of each row whether a condition is true, and whether that is known; both of the shape (rows,)."""

    true: Bools
    known: Bools

    @property
    def false(self) -> Bools:
        """Rows of which it is known not to hold."""
        return self.known & ~self.true


class _Values(NamedTuple):
    """Values of the rows, where they are known, and, of a fact that is no number, which of the few it is."""

    values: NDArray[Any]
    known: Bools
    codes: NDArray[np.int64] | None = None
    few: NDArray[Any] | None = None


_COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
# What a regular expression is looked for in: a longer text is no title or stage.
_LONGEST = 255


class Facts:
    """A table of facts by the names of `config.playbook.names`, ready for conditions.

    A column that is missing is unknown of every row; so is a gap in a column, and a value that is not of the name's kind.
    `days` is how much later the facts are asked, if nothing happens until then.
    """

    def __init__(self, table: pd.DataFrame, days: float = 0.0) -> None:
        self.rows = len(table)
        self._table = table
        self._days = days
        self._held: dict[str, _Values] = {}

    def values(self, name: str) -> _Values:
        """A fact's values and where they are known."""
        if name not in self._held:
            self._held[name] = self._read(name)
        return self._held[name]

    def later(self, days: float) -> Facts:
        """The same facts so many days later; what time does not change is not read again."""
        then = Facts(self._table, self._days + days)
        then._held = {n: v for n, v in self._held.items() if n in BY_NAME and not _moves(n)}
        return then

    def _read(self, name: str) -> _Values:
        kind = BY_NAME[name].kind
        if name == "close_date_passed" and self._days:
            ahead = self.values("days_to_close_date")
            passed = (ahead.values < 0) & ahead.known
            return _coded(passed.astype(object), self._known_flag(name))
        if name not in self._table:
            none = np.zeros(self.rows, dtype=bool)
            return (
                _Values(np.full(self.rows, np.nan), none)
                if kind == "number"
                else _coded(np.full(self.rows, None, dtype=object), none)
            )
        column = self._table[name]
        if kind == "number":
            numbers = pd.to_numeric(column, errors="coerce").to_numpy("float64", na_value=np.nan)
            return _Values(numbers + BY_NAME[name].time * self._days, ~np.isnan(numbers))
        fits: Any = {"text": str, "flag": (bool, np.bool_), "list": (tuple, list, frozenset)}[kind]
        values = column.to_numpy(dtype=object)
        known = np.fromiter((isinstance(v, fits) for v in values), bool, self.rows)
        return _coded(values, known) if kind != "list" else _Values(values, known)

    def _known_flag(self, name: str) -> Bools:
        values = self._table[name].to_numpy(dtype=object) if name in self._table else [None] * self.rows
        return np.fromiter((isinstance(v, (bool, np.bool_)) for v in values), bool, self.rows)


def _moves(name: str) -> bool:
    return bool(BY_NAME[name].time) or name == "close_date_passed"


def _coded(values: NDArray[Any], known: Bools) -> _Values:
    codes, few = pd.factorize(
        pd.Series(values, dtype=object).where(known, None).to_numpy(), use_na_sentinel=True
    )
    return _Values(values, known, np.asarray(codes, dtype=np.int64), np.asarray(few, dtype=object))


def evaluate(node: Node, facts: Facts) -> Truth:
    """Whether a condition holds for each row."""
    if isinstance(node, Logic):
        return _logic(node, facts)
    if isinstance(node, Compare):
        return _compare(node, facts)
    found = _values(node, facts)
    return Truth(found.known & _each(found, bool), found.known)


def _logic(node: Logic, facts: Facts) -> Truth:
    sides = [evaluate(p, facts) for p in node.parts]
    if node.operator == "not":
        return Truth(sides[0].false, sides[0].known)
    every, some = np.logical_and.reduce, np.logical_or.reduce
    trues, falses = [s.true for s in sides], [s.false for s in sides]
    both = (every(trues), some(falses)) if node.operator == "and" else (some(trues), every(falses))
    true, false = (np.asarray(b, dtype=bool) for b in both)
    return Truth(true, true | false)


def _values(node: Node, facts: Facts) -> _Values:
    if isinstance(node, Symbol):
        return facts.values(node.name)
    if isinstance(node, Constant):
        values = np.empty(facts.rows, dtype=object)
        values[:] = [node.value] * facts.rows
        number = isinstance(node.value, float)
        return _Values(values.astype("float64") if number else values, np.ones(facts.rows, dtype=bool))
    if isinstance(node, Sum):
        left, right = _values(node.left, facts), _values(node.right, facts)
        with np.errstate(all="ignore"):
            found = _ARITHMETIC[node.operator](left.values, right.values)
        return _Values(found, left.known & right.known & ~np.isnan(found))
    truth = evaluate(node, facts)
    return _Values(truth.true.astype(object), truth.known)


def _compare(node: Compare, facts: Facts) -> Truth:
    left = _values(node.left, facts)
    constant = node.right.value if isinstance(node.right, Constant) else None
    known = left.known
    if node.operator == "=~~":
        found = re.compile(str(constant))
        true = _each(left, lambda v: found.search(v[:_LONGEST]) is not None)
    elif node.operator == "in" and isinstance(constant, tuple):
        true = (
            np.isin(left.values, np.asarray(constant))
            if left.values.dtype != object
            else _each(left, lambda v: v in constant)
        )
    elif isinstance(constant, (bool, str)) and not isinstance(node.right, Symbol):
        wanted = node.operator == "=="
        true = _each(left, lambda v: (v == constant) == wanted)
    else:
        right = _values(node.right, facts)
        known = left.known & right.known
        true = _pairs(node.operator, left, right, known)
    return Truth(true & known, known)


def _each(side: _Values, holds: Callable[[Any], bool]) -> Bools:
    """A condition on values of which many are alike: asked once for each."""
    if side.codes is not None and side.few is not None:
        answers = np.array([bool(holds(v)) for v in side.few] + [False])
        return np.asarray(answers[side.codes])
    out = np.zeros(len(side.values), dtype=bool)
    for i in np.flatnonzero(side.known):
        out[i] = bool(holds(side.values[i]))
    return out


def _pairs(operator_: str, left: _Values, right: _Values, known: Bools) -> Bools:
    if left.values.dtype != object and right.values.dtype != object:
        with np.errstate(invalid="ignore"):
            return np.asarray(_COMPARISONS[operator_](left.values, right.values), dtype=bool)
    out = np.zeros(len(known), dtype=bool)
    for i in np.flatnonzero(known):
        a, b = left.values[i], right.values[i]
        out[i] = a in b if operator_ == "in" else bool(_COMPARISONS[operator_](a, b))
    return out
