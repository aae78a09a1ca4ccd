"""Commands that are known by name and short help, and whose module is loaded when one is called."""

import importlib
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from sales_consultant.config.errors import SalesConsultantError, UsageError

_COMMON: dict[str, tuple[Any, Any]] = {
    "connection": (
        Annotated[
            str | None,
            typer.Option("--connection", metavar="NAME", help="Which connection; default the only one."),
        ],
        None,
    ),
    "config": (
        Annotated[
            str | None,
            typer.Option("--config", metavar="FILE", help="Settings file; default ./sales-consultant.toml."),
        ],
        None,
    ),
    "data_dir": (
        Annotated[
            Path | None,
            typer.Option("--data-dir", metavar="FOLDER", help="Where state, warehouse and models are kept."),
        ],
        None,
    ),
    "timezone": (
        Annotated[
            str | None,
            typer.Option(
                "--timezone",
                metavar="ZONE",
                help="Show times in this zone; default time_zone of the settings.",
            ),
        ],
        None,
    ),
    "as_json": (
        Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")],
        False,
    ),
}


# Of no use to a command that reads no settings (`on_its_own`): its help does not show them. They are taken all the same, so
# that a script may give every command the same ones.
_OF_A_CONNECTION = ("connection", "config", "data_dir")


def loaded(place: str) -> Any:
    """The command at "module:function" of `commands`, its options read from the function's signature.

    The shared options are added after its own. Its help is the function's docstring.
    """
    module, _, function = place.partition(":")
    use_case = getattr(importlib.import_module(f"sales_consultant.commands.{module}"), function)
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    alone.command(help=use_case.__doc__)(_with_shared_options(use_case))
    made = typer.main.get_command(alone)
    parameters: list[Any] = made.params
    for parameter in parameters:
        _name_value(parameter)
        if getattr(use_case, "on_its_own", False) and parameter.name in _OF_A_CONNECTION:
            parameter.hidden = True
    return made


def _name_value(parameter: Any) -> None:
    """Let the help call a value by what it is, as FIELD or N: typer would write its Python type.

    An argument's name says enough; a type beside it would not add to it.
    """
    kind = parameter.type_descriptor.annotation
    own = (
        {int: "N", float: "SHARE", Path: "FILE"}.get(kind) if parameter.param_type_name == "option" else None
    )
    parameter.metavar = parameter.metavar or own or parameter.name.upper()
    if parameter.param_type_name == "argument":
        parameter.display_type_rich = lambda ctx: None


def _with_shared_options(use_case: Callable[..., Any]) -> Callable[..., None]:
    def run(**given: Any) -> None:
        # Not above: the shell imports settings and workspace, which the list of commands does without.
        from sales_consultant.commands.shell import Shell

        shell = Shell(**{k: given.pop(k) for k in _COMMON})
        with shell.stack:
            answer = use_case(shell, **given)
        if answer is None:
            raise typer.Exit(0)
        shell.show(answer.result, answer.screen)
        raise typer.Exit(answer.code)

    own = inspect.signature(use_case, eval_str=True)
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [p.replace(kind=keyword) for p in own.parameters.values() if p.name != "shell"]
    parameters += [inspect.Parameter(k, keyword, annotation=a, default=d) for k, (a, d) in _COMMON.items()]
    # Typer reads a signature; functions have no such attribute in typing.
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run


def show_error(error: SalesConsultantError) -> None:
    """Lay an error out for the terminal of standard error. What draws it is loaded here: most commands end without one."""
    from sales_consultant.commands.output import failure
    from sales_consultant.commands.output.writing.page import Page

    page = Page.of_terminal(now=0, stream=sys.stderr)
    failure.show(page, error)
    page.print(sys.stderr)


def wrong_use(error: Any) -> UsageError:
    """An error of the parser of the command line as one of ours."""
    from sales_consultant.commands import wrong_use as translation

    return translation.wrong_use(error)


class LazyCommand(TyperCommand):
    """Stands for a command in lists; the command itself is loaded when it is called or asked for its help."""

    place: str = ""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """The context of the loaded command: from here on click works with that one."""
        return loaded(self.place).make_context(info_name, args, parent=parent, **extra)

    def get_short_help_str(self, limit: int = 45) -> str:
        """The short help in full; the list of commands wraps it."""
        return self.help or ""


def register(group: typer.Typer, name: str, place: str, text: str) -> None:
    """Put a command into a group by its place, without loading it; `text` is its line in the list."""

    def unloaded() -> None:
        """Is never called: `LazyCommand` makes the loaded command's context."""

    group.command(name, cls=type("Lazy", (LazyCommand,), {"place": place}), help=text)(unloaded)
