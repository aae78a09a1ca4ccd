"""What conditions say of each other: always true, never true, one within the other.

Each comparison of a fact with constants cuts the fact's values into finitely many pieces; "unknown" is one more. A condition in
disjunctive normal form is a list of boxes, each a set of pieces by fact; it can hold where one box has no empty set. That is
exact for comparisons of one fact; one that compares two facts, or calculates, is taken as a statement of its own.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Literal

from sales_consultant.config.playbook.expressions import (
    Compare,
    Constant,
    Logic,
    Node,
    Symbol,
    Value,
    symbols,
    walk,
    written,
)
from sales_consultant.config.playbook.names import BY_NAME

# Beyond so many boxes a condition is not looked into: a judgement, far above what people write.
_MOST_BOXES = 5000
_OTHER = "\0 anything else"
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}

Box = Mapping[str, frozenset[Value]]
Asked = Literal["true", "false", "not true", "not false"]
_OPPOSITE: Mapping[Asked, Asked] = {
    "true": "false",
    "false": "true",
    "not true": "not false",
    "not false": "not true",
}
# Facts that are known of every record that they are a fact of.
ALWAYS_KNOWN = frozenset(
    {"has_owner", "has_amount", "has_close_date", "close_date_passed", "customer", "purchases", "contacts"}
)


class TooManyBoxesError(Exception):
    """The condition has more cases than are looked at."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A fact and the values for which a statement holds, out of those at which it may change."""

    name: str
    values: frozenset[Value]


def always_true(node: Node, *, known: bool = False) -> bool:
    """Whether a condition holds whatever the facts are; with `known`, wherever all its facts are known."""
    return _impossible([(node, "not true")], unknown=not known)


def never_true(node: Node) -> bool:
    """Whether no facts make a condition hold."""
    return _impossible([(node, "true")])


def implies(one: Node, other: Node) -> bool:
    """Whether the other condition holds wherever the first does."""
    return _impossible([(one, "true"), (other, "not true")])


def overlap(one: Node, other: Node) -> bool:
    """Whether both conditions can hold at once."""
    return not _impossible([(one, "true"), (other, "true")])


def _impossible(asked: list[tuple[Node, Asked]], *, unknown: bool = True) -> bool:
    """Whether no facts give the conditions these truths; False where that is too much to find out."""
    grid = _grid((node for node, _ in asked), unknown=unknown)
    boxes: list[Box] = [{}]
    try:
        for node, truth in asked:
            boxes = list(_joined(boxes, _boxes(node, truth, grid)))
    except TooManyBoxesError:
        return False
    return not boxes


def _joined(ones: Iterable[Box], others: list[Box]) -> Iterator[Box]:
    made = 0
    for one, other in product(ones, others):
        both = dict(one)
        for name, values in other.items():
            both[name] = both[name] & values if name in both else values
        if all(both.values()):
            made += 1
            if made > _MOST_BOXES:
                raise TooManyBoxesError
            yield both


def _boxes(node: Node, truth: Asked, grid: Mapping[str, frozenset[Value]]) -> list[Box]:
    if isinstance(node, Logic):
        if node.operator == "not":
            return _boxes(node.parts[0], _OPPOSITE[truth], grid)
        sides = [_boxes(p, truth, grid) for p in node.parts]
        if (node.operator == "and") == (truth in ("true", "not false")):
            found: list[Box] = [{}]
            for side in sides:
                found = list(_joined(found, side))
            return found
        return [box for side in sides for box in side]
    if isinstance(node, Constant):
        return [{}] if bool(node.value) == (truth in ("true", "not false")) else []
    piece = _piece(node, grid)
    every = _all(piece.name, grid)
    false = every - piece.values - {None}
    values = {
        "true": piece.values,
        "false": false,
        "not true": every - piece.values,
        "not false": every - false,
    }
    return [{piece.name: values[truth]}] if values[truth] else []


def _all(name: str, grid: Mapping[str, frozenset[Value]]) -> frozenset[Value]:
    return grid.get(name, frozenset((True, False, None)))


def _piece(node: Node, grid: Mapping[str, frozenset[Value]]) -> _Piece:
    if isinstance(node, Symbol):
        return _Piece(node.name, frozenset({True}))
    single = _single(node)
    if single is None:
        return _Piece(written(node), frozenset({True}))
    name, operator, constant = single
    return _Piece(name, frozenset(v for v in grid[name] if v is not None and _holds(v, operator, constant)))


def _single(node: Node) -> tuple[str, str, Value | tuple[Value, ...]] | None:
    """A comparison of one fact with a constant: the fact, the operator as it stands behind it, the constant."""
    if not isinstance(node, Compare) or node.operator == "=~~":
        return None
    left, right = node.left, node.right
    if isinstance(left, Symbol) and isinstance(right, Constant):
        return left.name, node.operator, right.value
    if isinstance(right, Symbol) and isinstance(left, Constant) and node.operator in _FLIPPED:
        return right.name, _FLIPPED[node.operator], left.value
    return None


def _holds(value: Value, operator: str, constant: Value | tuple[Value, ...]) -> bool:
    if operator == "in":
        return isinstance(constant, tuple) and value in constant
    if operator in ("==", "!="):
        return (value == constant) == (operator == "==")
    if not isinstance(value, (int, float)) or not isinstance(constant, (int, float)):
        return False
    below, same = value < constant, value == constant
    return {"<": below, "<=": below or same, ">": not below and not same, ">=": not below}[operator]


def _grid(nodes: Iterable[Node], *, unknown: bool) -> dict[str, frozenset[Value]]:
    """For each fact values that stand for all it can have: the constants, one between each two, and beyond."""
    used: dict[str, set[Value]] = {}
    for tree in nodes:
        for name in symbols(tree):
            used.setdefault(name, set())
        for node in walk(tree):
            single = _single(node)
            if single is not None:
                constant = single[2]
                used[single[0]].update(constant if isinstance(constant, tuple) else (constant,))
    gap: set[Value] = {None} if unknown else set()
    return {
        name: frozenset(_values(name, constants)) | (gap if name not in ALWAYS_KNOWN else set())
        for name, constants in used.items()
    }


def _values(name: str, constants: set[Value]) -> Iterator[Value]:
    described = BY_NAME[name]
    if described.kind == "flag":
        yield from (True, False)
        return
    if described.kind != "number":
        yield from (described.values or (*(c for c in constants if isinstance(c, str)), _OTHER))
        return
    numbers = sorted({float(c) for c in constants if isinstance(c, (int, float))} | {0.0})
    ends = (described.least, described.most)
    candidates = [
        numbers[0] - 1 - abs(numbers[0]),
        *numbers,
        *((a + b) / 2 for a, b in pairwise(numbers)),
        numbers[-1] + 1 + abs(numbers[-1]),
    ]
    candidates += [e for e in ends if e is not None]
    for value in dict.fromkeys(candidates):
        if (ends[0] is None or value >= ends[0]) and (ends[1] is None or value <= ends[1]):
            yield value
