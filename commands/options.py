"""Options that several commands share, and how values given by hand are read."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer

from sales_consultant.config.clock import from_iso
from sales_consultant.config.errors import UsageError

C = TypeVar("C", bound=Callable[..., Any])
Word = TypeVar("Word", bound=str)


def on_its_own(command: C) -> C:
    """Mark a command that reads no settings and no state: options that name them would do nothing."""
    command.on_its_own = True  # type: ignore[attr-defined]  # functions take attributes, which typing does not know
    return command


Objects = Annotated[list[str] | None, typer.Option("--object", help="Only this object; repeat for more.")]
ShownObjects = Annotated[
    list[str] | None, typer.Option("--object", help="Show only this object, as deals; repeat for more.")
]
ShownFields = Annotated[
    list[str] | None, typer.Option("--field", help="Show only this field, as grade; repeat for more.")
]
ShownRecords = Annotated[int, typer.Option("--limit", help="How many records are shown.", min=0)]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="TIME", help="Score as of this moment (ISO 8601), not the CRM's now."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Go on where a guard or a question would stop.")]
MaxRecords = Annotated[int | None, typer.Option(help="Guard: records that may change.", min=0)]
MaxShare = Annotated[float | None, typer.Option(help="Guard: share of records, 0 to 1.", min=0, max=1)]
MaxGradeShare = Annotated[float | None, typer.Option(help="Guard: share of grades.", min=0, max=1)]
MaxEmptied = Annotated[float | None, typer.Option(help="Guard: share that loses a value.", min=0, max=1)]
MaxNewTasks = Annotated[int | None, typer.Option(help="Guard: tasks that a run may make.", min=0)]
MaxCalls = Annotated[int | None, typer.Option(help="Guard: calls that writing may take.", min=0)]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="A run's id; see: runs list")]


def moment(text: str | None, option: str) -> int | None:
    """A moment given by hand, as milliseconds UTC; a date alone is its midnight UTC."""
    if text is None:
        return None
    try:
        return from_iso(text)
    except (ValueError, OverflowError) as e:
        action = "Write it as 2026-01-31 or 2026-01-31T08:00Z."
        raise UsageError(f'{option} "{text}" is not a date or time.', action=action) from e


def guard_values(
    records: int | None,
    share: float | None,
    grades: float | None,
    emptied: float | None,
    calls: int | None,
    new_tasks: int | None,
) -> dict[str, Any]:
    """The guards that were given on the command line, under their names in the settings."""
    given: dict[str, Any] = {
        "max_records": records,
        "max_share": share,
        "max_grade_share": grades,
        "max_emptied": emptied,
    }
    given |= {"max_api_calls": calls, "max_new_tasks": new_tasks}
    return {k: v for k, v in given.items() if v is not None}


def one_of(value: str, known: tuple[Word, ...], option: str) -> Word:
    """The value, where it is one of the known ones."""
    for word in known:
        if word == value:
            return word
    raise UsageError(f'{option} "{value}" is not known.', action=f"Choose one of: {', '.join(known)}.")
