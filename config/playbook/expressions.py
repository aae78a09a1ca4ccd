"""Conditions in an expression language: parsed and typed by a library, kept as a small tree of our own.

The library (rule-engine) gives the grammar and the types. What a playbook may say is less than what the language offers: names,
constants, comparisons, `in`, `and`, `or`, `not`, and sums of numbers. Nothing of a condition is ever run as code.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Literal

from sales_consultant.config.language.nearest import nearest
from sales_consultant.config.playbook.names import BY_NAME, Kind, Name

Value = float | str | bool | None


class ExpressionError(ValueError):
    """A condition that cannot be used; `at` is where in its text, counted from 0."""

    def __init__(self, text: str, at: int = 0) -> None:
        super().__init__(text)
        self.at = at


@dataclass(frozen=True, slots=True)
class Symbol:
    """A fact of the record."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, a text, true, false, or a list of them."""

    value: Value | tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """`==`, `!=`, `<`, `<=`, `>`, `>=`, `in`, and `=~` (a regular expression found in the text)."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Logic:
    """`and`, `or`; `not` has one part."""

    operator: Literal["and", "or", "not"]
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """`+`, `-`, `*` or `/` of two numbers."""

    operator: str
    left: "Node"
    right: "Node"


Node = Symbol | Constant | Compare | Logic | Sum

_COMPARISONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_ARITHMETIC = {"add": "+", "sub": "-", "mul": "*", "tdiv": "/"}
_LONGEST = 2000
# A repeated group that repeats something itself: "(a+)+" tries each way to split a text.
_NESTED = re.compile(r"[+*}]\??\)[+*{]|[+*}]\??[^()]*\)[+*{]")
# What the library finds while it reads, in our words.
_SAID = {"data type mismatch": "the types of its parts do not fit"}
# Deeper than any condition that people write; deeper ones would exhaust the stack of the parser.
_DEEPEST = 60


@cache
def _context(*, typed: bool) -> Any:
    import rule_engine

    if not typed:
        return rule_engine.Context()
    kinds = rule_engine.DataType
    of = {
        "number": kinds.FLOAT,
        "text": kinds.STRING,
        "flag": kinds.BOOLEAN,
        "list": kinds.ARRAY(kinds.STRING),
    }
    types = {n.name: of[n.kind] for n in BY_NAME.values()}
    return rule_engine.Context(type_resolver=rule_engine.type_resolver_from_dict(types))


@cache
def parse(text: str) -> Node:
    """The tree of a condition.

    Raises:
        ExpressionError: what is wrong, and where; a slip of typing names the nearest name.

    >>> parse('score >= 70')
    Compare(operator='>=', left=Symbol(name='score'), right=Constant(value=70.0))
    """
    if len(text) > _LONGEST:
        raise ExpressionError(f"it has {len(text)} letters, the most is {_LONGEST}")
    if max(_depths(text)) > _DEEPEST:
        raise ExpressionError(f"its brackets are nested more than {_DEEPEST} deep")
    tree = _tree(_parsed(text, typed=False), text)
    _names(tree, text)
    _checked(tree, text)
    _parsed(text, typed=True)
    if _kind(tree) != "flag":
        raise ExpressionError("it is no condition: it gives a value where true or false is needed")
    return tree


def _depths(text: str) -> Iterator[int]:
    depth = 0
    yield depth
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        yield depth


def _parsed(text: str, *, typed: bool) -> Any:
    # Making its parser takes the library a third of a second, which no command pays that reads no playbook.
    import rule_engine
    from rule_engine import errors

    try:
        return rule_engine.Rule(text, context=_context(typed=typed)).statement.expression
    except errors.RuleSyntaxError as error:
        token = getattr(error, "token", None)
        at = len(text) if token is None else int(token.lexpos)
        seen = "its end" if token is None else f'"{token.value}"'
        raise ExpressionError(f"it cannot be read at {seen}", at) from error
    except errors.EngineError as error:
        said = str(getattr(error, "message", error))
        raise ExpressionError(_SAID.get(said, said)) from error
    except (RecursionError, ValueError, ArithmeticError) as error:
        raise ExpressionError(f"it cannot be read: {error}") from error


def _tree(node: Any, text: str) -> Node:
    """The library's tree as ours."""
    from rule_engine import ast

    if isinstance(node, ast.SymbolExpression):
        if node.scope is not None:
            raise ExpressionError(f"${node.name} is not known here", max(0, text.find("$")))
        return Symbol(node.name)
    if isinstance(node, ast.ArrayExpression):
        members = tuple(_tree(m, text) for m in node.value)
        if not all(isinstance(m, Constant) for m in members):
            raise ExpressionError("a list holds constants only", max(0, text.find("[")))
        return Constant(tuple(_single(m) for m in members))
    if isinstance(node, (ast.FloatExpression, ast.StringExpression, ast.BooleanExpression)):
        value = node.value
        return Constant(float(value) if isinstance(value, Decimal) else value)
    if isinstance(node, ast.LogicExpression):
        return Logic(node.type, (_tree(node.left, text), _tree(node.right, text)))
    if isinstance(node, ast.UnaryExpression):
        inner = _tree(node.right, text)
        return Logic("not", (inner,)) if node.type == "not" else Sum("-", Constant(0.0), inner)
    return _two_sided(node, text)


def _single(node: Node) -> Value:
    if not isinstance(node, Constant) or isinstance(node.value, tuple):
        raise ExpressionError("a list holds no other list")
    return node.value


def _two_sided(node: Any, text: str) -> Node:
    from rule_engine import ast

    if isinstance(node, ast.ContainsExpression):
        return Compare("in", _tree(node.member, text), _tree(node.container, text))
    if isinstance(node, ast.FuzzyComparisonExpression):
        if node.type not in ("eq_fzs", "ne_fzs"):
            raise ExpressionError("=~ is not offered; use =~~, which looks anywhere in the text")
        found = Compare("=~~", _tree(node.left, text), _tree(node.right, text))
        return found if node.type == "eq_fzs" else Logic("not", (found,))
    if isinstance(node, ast.ComparisonExpression) and node.type in _COMPARISONS:
        return Compare(_COMPARISONS[node.type], _tree(node.left, text), _tree(node.right, text))
    kind = getattr(node, "type", "")
    if kind in _ARITHMETIC:
        return Sum(_ARITHMETIC[kind], _tree(node.left, text), _tree(node.right, text))
    called = type(node).__name__.removesuffix("Expression").lower()
    raise ExpressionError(
        f"a {called} is more than a playbook offers; use names, constants, comparisons, in, and, or, not"
    )


def walk(node: Node) -> Iterator[Node]:
    """A tree's nodes, the outer ones first."""
    yield node
    if isinstance(node, (Compare, Sum)):
        yield from walk(node.left)
        yield from walk(node.right)
    elif isinstance(node, Logic):
        for part in node.parts:
            yield from walk(part)


def symbols(node: Node) -> dict[str, Name]:
    """The names that a condition uses."""
    return {n.name: BY_NAME[n.name] for n in walk(node) if isinstance(n, Symbol)}


def parts(node: Node) -> tuple[Node, ...]:
    """What must hold each: the parts of the outermost `and`."""
    if isinstance(node, Logic) and node.operator == "and":
        return tuple(p for part in node.parts for p in parts(part))
    return (node,)


def place(text: str, name: str) -> int:
    """Where a name stands in a condition, outside of quotes; 0 where it does not."""
    blanked = re.sub(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'", lambda m: " " * len(m.group()), text)
    found = re.search(rf"(?<![\w.$]){re.escape(name)}(?!\w)", blanked)
    return found.start() if found else 0


def _names(tree: Node, text: str) -> None:
    for node in walk(tree):
        if isinstance(node, Symbol) and node.name not in BY_NAME:
            near = nearest(node.name, BY_NAME)
            hint = f"; did you mean {near}?" if near else ""
            raise ExpressionError(f'the name "{node.name}" is not known{hint}', place(text, node.name))


def _kind(node: Node) -> Kind:
    if isinstance(node, Symbol):
        return BY_NAME[node.name].kind
    if isinstance(node, Constant):
        value = node.value
        if isinstance(value, tuple):
            return "list"
        return "flag" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
    return "number" if isinstance(node, Sum) else "flag"


def _told(node: Node) -> str:
    """How a part is called in an error."""
    return f"{node.name} ({_kind(node)})" if isinstance(node, Symbol) else f"a {_kind(node)}" + _of(node)


def _of(node: Node) -> str:
    return f" ({written(node)})" if isinstance(node, Constant) else ""


def _checked(tree: Node, text: str) -> None:
    """Raise where types do not fit, or a text is compared with a value that it never has."""
    for node in walk(tree):
        if isinstance(node, Compare):
            _compared(node, text)
        elif isinstance(node, Sum) and {_kind(node.left), _kind(node.right)} != {"number"}:
            odd = next(p for p in (node.left, node.right) if _kind(p) != "number")
            raise ExpressionError(f"{node.operator} needs numbers, {_told(odd)} is none", _at(odd, text))
        elif isinstance(node, Logic):
            for part in node.parts:
                if _kind(part) != "flag":
                    raise ExpressionError(
                        f"{node.operator} needs conditions, {_told(part)} is none", _at(part, text)
                    )


def _at(node: Node, text: str) -> int:
    return next((place(text, n.name) for n in walk(node) if isinstance(n, Symbol)), 0)


def _compared(node: Compare, text: str) -> None:
    left, right = _kind(node.left), _kind(node.right)
    at = _at(node, text)
    unlike = f"{_told(node.left)} cannot be compared by {node.operator} with {_told(node.right)}"
    if node.operator == "in":
        if right != "list":
            raise ExpressionError(f"in needs a list, {_told(node.right)} is none", at)
        values = node.right.value if isinstance(node.right, Constant) else ()
        members = {_kind(Constant(v)) for v in values} if isinstance(values, tuple) else set()
        if members - {left} or (isinstance(node.right, Symbol) and left != "text"):
            raise ExpressionError(unlike, at)
    elif node.operator == "=~~":
        if (left, right) != ("text", "text"):
            raise ExpressionError(unlike, at)
        _regular(node.right, at)
    elif left != right or left == "list" or (node.operator not in ("==", "!=") and left != "number"):
        raise ExpressionError(unlike, at)
    _possible(node, text)


def _regular(node: Node, at: int) -> None:
    if not isinstance(node, Constant):
        raise ExpressionError("=~~ needs a constant at its right", at)
    if _NESTED.search(str(node.value)):
        raise ExpressionError("the regular expression repeats a repetition, which may take for ever", at)
    try:
        re.compile(str(node.value))
    except re.error as error:
        raise ExpressionError(f"the regular expression cannot be read: {error}", at) from error


def _possible(node: Compare, text: str) -> None:
    """A text of which all values are known is compared with one of them."""
    for one, other in ((node.left, node.right), (node.right, node.left)):
        if not isinstance(one, Symbol) or not isinstance(other, Constant):
            continue
        known = BY_NAME[one.name].values
        given = other.value if isinstance(other.value, tuple) else (other.value,)
        for value in given:
            if known and value not in known:
                near = nearest(str(value), known)
                hint = f"; did you mean {near}?" if near else f"; it is one of {', '.join(known)}"
                raise ExpressionError(f'{one.name} is never "{value}"{hint}', place(text, one.name))


def written(node: Node) -> str:
    """A condition as a text that reads back as the same tree.

    >>> written(parse('(score>=70) and not (grade in ["A","B"])'))
    'score >= 70 and not (grade in ["A", "B"])'
    """
    if isinstance(node, Symbol):
        return node.name
    if isinstance(node, Constant):
        if isinstance(node.value, tuple):
            return f"[{', '.join(_constant(v) for v in node.value)}]"
        return _constant(node.value)
    if isinstance(node, (Compare, Sum)):
        return f"{_inner(node.left)} {node.operator} {_inner(node.right)}"
    if node.operator == "not":
        return f"not ({written(node.parts[0])})"
    return f" {node.operator} ".join(
        f"({written(p)})" if isinstance(p, Logic) and p.operator not in (node.operator, "not") else written(p)
        for p in node.parts
    )


def _inner(node: Node) -> str:
    return f"({written(node)})" if isinstance(node, (Compare, Logic, Sum)) else written(node)


def _constant(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if value is None:
        return "null"
    # The grammar has no exponents with a sign; a number of fewer digits is written as people write it.
    short = f"{value:.15g}"
    return short if float(short) == value and "e" not in short else f"{value:f}"
