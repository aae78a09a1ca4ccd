"""docs/reference/playbook.md: every key of the playbook, and the rules that are delivered."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel
from support.markdown import table
from support.model_tables import default, inner, limits, type_name

from sales_consultant.config.playbook import (
    NAMES,
    OBJECTS,
    PLANNED_WORDS,
    WORDS,
    Draft,
    Name,
    Planned,
    PlannedTexts,
    Rule,
    Texts,
    load,
)

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "playbook.md"
_INTRODUCTION = """# Playbook

The playbook holds the rules that choose the [next step](../explanation/glossary.md) of a record. The one that is delivered
is used unless `[next_steps] playbook` names a file of your own; [tune the playbook](../how-to/playbook.md) says how.

Of the rules whose condition holds and whose channel is not blocked for the person (opted out, bounced, do not call) the one
that is worth most gives the step. Where a meeting or a call is already planned, the step is to prepare for it. Nothing is
ever sent to a customer."""
_NAMES = """`when` is an expression over these names, with numbers, `"texts"`, `["lists"]`, `== != < <= > >=`, `in`, `=~~` (a regular
expression found in the text), `and`, `or`, `not`, and `+ - * /` of numbers. A fact that is not known makes neither a
condition nor its opposite true. Of an activity that nobody logged for half a year nothing is known."""
_HEAD = ("key", "type", "default", "meaning")


def rows(model: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    """A row for each key."""
    for name, info in model.model_fields.items():
        if inner(info.annotation)[0] is None:
            kind = ", ".join(p for p in (type_name(info.annotation), limits(info)) if p)
            yield f"`{name}`", kind, default(info), str(info.description)
        else:
            yield f"`{name}`", "table", "empty", str(info.description)


def _of(name: Name) -> str:
    return "all" if set(name.on) == set(OBJECTS) else ", ".join(name.on)


def page() -> str:
    """The page as Markdown."""
    delivered = [
        (
            f"`{r.id}`",
            ", ".join(r.objects),
            f"`{r.when}`",
            r.channel,
            str(r.due_working_days),
            r.step,
        )
        for r in load().rules
    ]
    parts = [
        _INTRODUCTION,
        "## `[planned]`",
        f"The step where something is planned. Words in braces are replaced: {', '.join(f'`{{{w}}}`' for w in PLANNED_WORDS)}.",
        table(_HEAD, rows(Planned)),
        "## `[planned.translations.zh]`",
        table(_HEAD, rows(PlannedTexts)),
        "## `[[rules]]`",
        f"Words in braces in `step` and `reason` are replaced: {', '.join(f'`{{{w}}}`' for w in WORDS)}.",
        table(_HEAD, rows(Rule)),
        "## `[rules.draft]`",
        table(_HEAD, rows(Draft)),
        "## `[rules.translations.zh]`",
        table(_HEAD, rows(Texts)),
        "## Names",
        _NAMES,
        table(("name", "type", "of", "meaning"), [(f"`{n.name}`", n.kind, _of(n), n.meaning) for n in NAMES]),
        "## The rules that are delivered",
        table(("id", "objects", "when", "channel", "due in working days", "step"), delivered),
    ]
    return "\n\n".join(parts) + "\n"
