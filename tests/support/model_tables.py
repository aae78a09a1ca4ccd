"""Tables of keys from pydantic models: type, default, description, constraints."""

import json
import types
import typing
from collections.abc import Iterator
from typing import Any, Literal

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

_NAMES: dict[Any, str] = {str: "text", bool: "true or false", int: "whole number", float: "number"}
_SIGNS: tuple[tuple[type, str, str], ...] = (
    (Ge, "ge", "≥"),
    (Gt, "gt", ">"),
    (Le, "le", "≤"),
    (Lt, "lt", "<"),
)


def type_name(annotation: Any) -> str:
    """A type as people read it.

    >>> type_name(list[str]), type_name(int | None), type_name(Literal["a", "b"])
    ('list of text', 'whole number', '`"a"`, `"b"`')
    """
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{json.dumps(a)}`" for a in args)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(type_name(a) for a in args if a is not type(None))
    if origin in (list, tuple):
        inner = type_name(args[0])
        return f"list of {inner}" if "`" not in inner else f"list of: {inner}"
    if origin is dict:
        return f"table of {type_name(args[1])}"
    return (
        "table" if isinstance(annotation, type) and issubclass(annotation, BaseModel) else _NAMES[annotation]
    )


def limits(info: FieldInfo) -> str:
    """The range of a number, where it has one."""
    found = [
        f"{sign} {getattr(m, name):g}"
        for kind, name, sign in _SIGNS
        for m in info.metadata
        if isinstance(m, kind)
    ]
    return ", ".join(found)


def toml(value: Any) -> str:
    """A value as TOML writes it.

    >>> toml(True), toml(["a"]), toml({"k": "v"}), toml(0.5)
    ('true', '["a"]', '{ k = "v" }', '0.5')
    """
    if isinstance(value, dict):
        inner = ", ".join(f"{k} = {toml(v)}" for k, v in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml(v) for v in value)}]"
    return json.dumps(value, ensure_ascii=False)


def default(info: FieldInfo) -> str:
    """The default as TOML; "required" where there is none, "empty" for nothing."""
    if info.is_required():
        return "required"
    value = info.get_default(call_default_factory=True, validated_data={})
    if value is None or value == "":
        return "empty"
    return f"`{toml(value)}`"


def inner(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The model in an annotation, and whether it stands in a table by name."""
    args = typing.get_args(annotation)
    if typing.get_origin(annotation) is dict:
        found = args[1]
        return (found, True) if isinstance(found, type) and issubclass(found, BaseModel) else (None, False)
    return (
        (annotation, False)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel)
        else (None, False)
    )


def sections(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo, type[BaseModel]]]:
    """The sections of a settings file: heading as in TOML, the field that holds it, its model."""
    for name, info in model.model_fields.items():
        found, named = inner(info.annotation)
        if found is not None:
            yield (f"{name}.NAME" if named else name), info, found
