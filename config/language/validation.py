"""What pydantic found wrong, in our words: which setting, what was given, what is allowed, and how to write it.

What is allowed is read from the model rather than from pydantic's message: "unable to parse string as a number" says
nothing of the limits of that number.
"""

import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from sales_consultant.config.language.given import either, given, is_hidden, limited, written
from sales_consultant.config.language.nearest import did_you_mean, nearest

Loc = tuple[int | str, ...]

# The patterns of settings in words, each with an example: a regular expression is no sentence.
PATTERNS = {
    r"^([A-Z]{3})?$": ("the three capital letters of a currency", "EUR"),
    r"^[a-z][a-z0-9]{0,9}$": ("a lower-case letter, then at most 9 lower-case letters or digits", "sc"),
    r"^[a-z][a-z0-9_]{0,49}$": (
        "a lower-case letter, then at most 49 lower-case letters, digits or _",
        "sales_consultant",
    ),
    r"^([A-Za-z][A-Za-z0-9_]{0,14})?$": ("a letter, then at most 14 letters, digits or _", "acme"),
    r"^((companies|deals)\.\w+)?$": (
        "companies or deals, a dot, and the name of a field",
        "companies.c_renewal_date",
    ),
    r"^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$": (
        "two capital letters, then at most a dash and the code of a part of the country",
        "DE-BY",
    ),
    r"^[a-z0-9][a-z0-9-]{0,39}$": (
        "1 to 40 lower-case letters, digits or -, the first of them no -",
        "answer-the-customer",
    ),
}
# Errors of a validator of ours: their text names what is wrong and what to write.
_OURS = ("value_error", "assertion_error")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: its line, the keys of its setting, and a value that would be right, as TOML writes it."""

    keys: Loc
    text: str
    example: str = ""


@dataclass(frozen=True)
class _Spot:
    """What the model allows at a place: the type, the field whose limits hold for it, and the keys up to there."""

    keys: Loc
    annotation: Any
    field: FieldInfo | None = None


def quoted(keys: Loc) -> str:
    """A setting's name; a value of a list by its number.

    >>> quoted(("proof", "control_share")), quoted(("write", "objects", 0)), quoted(())
    ('"proof.control_share"', '"write.objects", item 1,', '')
    """
    *most, last = keys or ("",)
    if isinstance(last, int):
        return f"{quoted(tuple(most))}, item {last + 1},"
    return f'"{".".join(map(str, keys))}"' if keys else ""


def problems(
    error: ValidationError,
    model: type[BaseModel],
    *,
    name: Callable[[Loc], str] = quoted,
    secret: Callable[[Loc], bool] = lambda keys: False,
) -> list[Problem]:
    """All that is wrong, in order: a setting is called by `name`.

    No value is shown where `secret` holds for the keys of its setting.
    """
    found: dict[Loc | int, Problem] = {}
    for number, e in enumerate(error.errors(include_url=False)):
        spot = _walk(model, e["loc"])
        kept = e["type"] in _OURS or e["type"] == "extra_forbidden"
        # A setting of several types fails once for each of them; that is one problem.
        found.setdefault(number if kept else spot.keys, _problem(e, spot, model, name, secret(spot.keys)))
    return list(found.values())


def _problem(
    e: ErrorDetails, spot: _Spot, model: type[BaseModel], name: Callable[[Loc], str], secret: bool
) -> Problem:
    kind, loc, called = e["type"], e["loc"], name(spot.keys)
    if kind in _OURS:
        # What concerns several settings at once names them itself.
        text = e["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
        return Problem(loc, f"{called}: {text}" if called else text)
    if kind == "extra_forbidden":
        known = _names(_walk(model, loc[:-1]).annotation)
        return Problem(loc, f"unknown key {called}. {did_you_mean(str(loc[-1]), known)}")
    allowed = _allowed(spot)
    if not allowed:
        # A type that no setting has today: pydantic's words are better than none.
        return Problem(loc, f"{called} is {given(e['input'], secret=secret)}: {e['msg']}.")
    said = "is missing" if kind == "missing" else _is(e, secret)
    example = _example(spot, None if secret or kind == "missing" else e["input"])
    return Problem(spot.keys, f"{called} {said}; it must be {allowed}.", example)


def _is(e: ErrorDetails, secret: bool) -> str:
    """What was given, with its length where that is what is wrong."""
    shown, value = given(e["input"], secret=secret), e["input"]
    if e["type"].startswith("string_too_") and isinstance(value, str) and not (secret or is_hidden(value)):
        letters = f"{len(value)} letter{'' if len(value) == 1 else 's'}"
        return f"is {shown}, which has {letters}" if value else "is empty"
    return f"is {shown}"


def _walk(model: Any, loc: Loc) -> _Spot:
    """The place that a path of pydantic's leads to; the names of the types of a union are no keys of ours."""
    spot = _Spot((), model)
    for part in loc:
        annotation = _bare(spot.annotation)
        keys = (*spot.keys, part)
        if _is_union(annotation):
            break
        arguments = typing.get_args(annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            field = annotation.model_fields.get(str(part))
            spot = _Spot(keys, field.annotation if field else None, field)
        elif typing.get_origin(annotation) is dict:
            spot = _Spot(keys, arguments[1])
        elif arguments:
            spot = _Spot(keys, arguments[0])
        else:
            spot = _Spot(keys, None)
    return spot


def _bare(annotation: Any) -> Any:
    """A type without the None beside it: TOML has no such value, so nobody can write it."""
    if not _is_union(annotation):
        return annotation
    kinds = [a for a in typing.get_args(annotation) if a is not type(None)]
    return kinds[0] if len(kinds) == 1 else annotation


def _is_union(annotation: Any) -> bool:
    return typing.get_origin(annotation) in (typing.Union, types.UnionType)


def _names(annotation: Any) -> list[str]:
    kind = _bare(annotation)
    return list(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else []


def _limits(field: FieldInfo | None) -> Mapping[str, Any]:
    """The limits of a field by pydantic's names: ge, gt, le, lt, min_length, max_length, pattern."""
    found: dict[str, Any] = {}
    for one in field.metadata if field else ():
        for name in ("ge", "gt", "le", "lt", "min_length", "max_length", "pattern"):
            if (value := getattr(one, name, None)) is not None:
                found[name] = value
    return found


def _allowed(spot: _Spot) -> str:
    """What may be written at a place; empty where the model does not say."""
    kind, limits = _bare(spot.annotation), _limits(spot.field)
    if _is_union(kind):
        return " or ".join(_allowed(_Spot((), a)) for a in typing.get_args(kind))
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Literal:
        return either(arguments)
    if origin in (list, tuple):
        inner = _allowed(_Spot((), arguments[0])) if arguments else ""
        if inner.startswith('"'):
            inner = f"values, each of them {inner}"
        else:
            inner = {"a text": "texts", "a table": "tables"}.get(inner, "values")
        return f"a list of {inner}, at least one" if limits.get("min_length") else f"a list of {inner}"
    if origin is dict or (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return "a table"
    if kind is bool:
        return "true or false"
    if kind in (int, float):
        ends = {"least": "ge", "most": "le", "above": "gt", "below": "lt"}
        named = {ours: limits.get(theirs) for ours, theirs in ends.items()}
        return limited("a whole number" if kind is int else "a number", **named)
    return _text(limits) if kind is str else ""


def _text(limits: Mapping[str, Any]) -> str:
    if pattern := limits.get("pattern"):
        return PATTERNS.get(pattern, (f"a text that matches {pattern}", ""))[0]
    least, most = limits.get("min_length"), limits.get("max_length")
    if least is None and most is None:
        return "a text"
    return f"a text of {least or 0} to {most} letters" if most else f"a text of at least {least} letters"


def _example(spot: _Spot, value: Any) -> str:
    """A value that would be right; empty where none can be named."""
    kind, limits, field = _bare(spot.annotation), _limits(spot.field), spot.field
    if choices := _choices(kind):
        meant = nearest(value, map(str, choices)) if isinstance(value, str) else None
        return written(meant or choices[0])
    if (pattern := limits.get("pattern")) in PATTERNS:
        return written(PATTERNS[pattern][1])
    if field and field.examples:
        return written(field.examples[0])
    # A text whose quotation marks, or a list whose brackets, were left out.
    if kind is str and isinstance(value, int | float) and not isinstance(value, bool):
        return written(str(value))
    if typing.get_origin(kind) in (list, tuple):
        (inner, *_) = typing.get_args(kind)
        if options := _choices(inner):
            return written([options[0]])
        if inner is str and isinstance(value, str) and not is_hidden(value):
            return written([value])
    default = field.get_default(call_default_factory=False) if field else None
    return written(default) if isinstance(default, bool | int | float) or (default and kind is str) else ""


def _choices(kind: Any) -> tuple[Any, ...]:
    return typing.get_args(kind) if typing.get_origin(kind) is typing.Literal else ()
