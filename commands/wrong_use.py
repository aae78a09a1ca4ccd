"""Wrong use of the command line in our words: which option, what was given, what it takes, and how to write it.

The parser's own texts name neither the value nor the limits of a number. It is asked by name for what it knows,
because newer releases of typer keep its classes to themselves.
"""

import re
from typing import Any

from sales_consultant.config.errors import UsageError
from sales_consultant.config.language.given import either, given, limited
from sales_consultant.config.language.nearest import nearest

_PROGRAM = "sales-consultant"
_COMMAND = re.compile(r"No such command '(.*?)'\.", re.DOTALL)
_MORE = re.compile(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", re.DOTALL)


def wrong_use(error: Any) -> UsageError:
    """The parser's error as one of ours."""
    ctx = getattr(error, "ctx", None)
    kind, text = type(error).__name__, error.format_message()
    if kind == "NoSuchOption":
        return _no_option(error.option_name, ctx)
    if kind == "NoArgsIsHelpError":
        return UsageError(f"{_typed(ctx)} needs a command.", action=_help(ctx))
    if kind == "BadOptionUsage":
        return _value_or_none(error.option_name, text)
    if kind == "MissingParameter" and error.param is not None:
        return _missing(error.param, ctx)
    if kind == "BadParameter" and error.param is not None:
        return _bad_value(error, ctx)
    if found := _COMMAND.match(text):
        return _no_command(found[1], ctx)
    if found := _MORE.fullmatch(text):
        told = f"{_typed(ctx)} takes no further argument, and was given one: {given(found[1])}."
        return UsageError(told, action=_help(ctx))
    return UsageError(text, action=_help(ctx))


def _typed(ctx: Any) -> str:
    """The command as it is typed: the parser's own path begins with the file that was started."""
    names: list[str] = []
    while ctx is not None and ctx.parent is not None:
        names.insert(0, ctx.info_name)
        ctx = ctx.parent
    return " ".join((_PROGRAM, *names))


def _help(ctx: Any) -> str:
    return f"See: {_typed(ctx)} --help"


def _no_option(name: str, ctx: Any) -> UsageError:
    known = [o for p in ctx.command.get_params(ctx) for o in p.opts if o.startswith("--")] if ctx else []
    return _unknown("option", name, known, ctx)


def _no_command(name: str, ctx: Any) -> UsageError:
    return _unknown("command", name, ctx.command.list_commands(ctx) if ctx else [], ctx)


def _unknown(what: str, name: str, known: list[str], ctx: Any) -> UsageError:
    near = nearest(name, known)
    meant = f'Did you mean "{near}"?\n' if near else ""
    return UsageError(f"{_typed(ctx)} has no {what} {given(name)}.", action=f"{meant}{_help(ctx)}")


def _value_or_none(name: str, text: str) -> UsageError:
    """An option without its value, or a value where the option has none."""
    if "does not take" in text:
        return UsageError(f"{name} takes no value.", action=f"Write only: {name}")
    return UsageError(f"{name} needs a value.", action=f"Write it after the option, as: {name} VALUE")


def _missing(param: Any, ctx: Any) -> UsageError:
    name = _name(param)
    typed = f"{_typed(ctx)} {name}" if param.param_type_name == "argument" else f"{_typed(ctx)} {name} VALUE"
    return UsageError(f"{name} is missing.", action=f"Write: {typed}\n{_help(ctx)}")


def _bad_value(error: Any, ctx: Any) -> UsageError:
    param, problem = error.param, _problem(error)
    name, takes = _name(param), _takes(param)
    if problem is None or not takes:
        return UsageError(f"{name}: {error.message.rstrip('.')}.", action=_help(ctx))
    return UsageError(
        f"{name} {given(str(problem['input']))} is not valid: it takes {takes}.",
        action=f"Write, for example: {name} {_example(param)}\n{_help(ctx)}",
    )


def _problem(error: Any) -> Any:
    """What the validation of the value says; None where the value was refused by something else."""
    errors = getattr(error.__cause__, "errors", None)
    return errors()[0] if errors else None


def _name(param: Any) -> str:
    """An option as it is typed; an argument as the help calls it."""
    if param.param_type_name != "option":
        return str(param.metavar or param.name.upper())
    return str(max(param.opts, key=len))


def _takes(param: Any) -> str:
    """What an option takes, by its type and limits; empty where that says nothing."""
    described = getattr(param, "type_descriptor", None)
    kind, info = getattr(described, "annotation", None), getattr(described, "parameter_info", None)
    if choices := getattr(described, "choices", None):
        return either([getattr(c, "value", c) for c in choices])
    if kind in (int, float):
        least, most = getattr(info, "min", None), getattr(info, "max", None)
        return limited("a whole number" if kind is int else "a number", least=least, most=most)
    return ""


def _example(param: Any) -> str:
    """A value within the limits: the default where there is one."""
    if isinstance(param.default, int | float):
        return str(param.default)
    described = param.type_descriptor
    if described.choices:
        return str(getattr(described.choices[0], "value", described.choices[0]))
    least, most = described.parameter_info.min, described.parameter_info.max
    if described.annotation is int:
        return str(max(int(least or 0), 1))
    return f"{(least or 0) + (most - (least or 0)) / 2 if most is not None else max(least or 0, 1):g}"
