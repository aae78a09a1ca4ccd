"""docs/reference/playbook.md: every key of the playbook, and the rules that are delivered."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel
from support.markdown import table
from support.model_tables import default, inner, limits, toml, type_name

from sales_consultant.config.playbook import PLANNED_WORDS, WORDS, Conditions, Planned, Rule, load

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "playbook.md"
_INTRODUCTION = """# Playbook

The playbook holds the rules that choose the [next step](../explanation/glossary.md) of a record. The one that is delivered
is used unless `[next_steps] playbook` names a file of your own; [tune the playbook](../how-to/playbook.md) says how.

Rules are tried in the order in which they stand in the file. The first one gives the step whose conditions all hold and
whose channel is not blocked for the person (opted out, bounced, do not call). Where a meeting or a call is already
planned, the step is to prepare for it. Nothing is ever sent to a customer."""
_WHEN = """All that is given must hold; what is not given does not matter. Where something never happened, a `min` of days since it
holds as soon as the record itself is that old, and a `max` does not hold."""
_HEAD = ("key", "type", "default", "meaning")


def rows(model: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    """A row for each key."""
    for name, info in model.model_fields.items():
        if inner(info.annotation)[0] is None:
            kind = ", ".join(p for p in (type_name(info.annotation), limits(info)) if p)
            yield f"`{name}`", kind, default(info), str(info.description)
        else:
            yield f"`{name}`", "table", "empty", str(info.description)


def conditions(when: Conditions) -> str:
    """The conditions of a rule as TOML."""
    return toml(when.model_dump(exclude_defaults=True))


def page() -> str:
    """The page as Markdown."""
    delivered = [
        (
            f"`{r.id}`",
            ", ".join(r.objects),
            f"`{conditions(r.when)}`",
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
        "## `[[rules]]`",
        f"Words in braces in `step` and `reason` are replaced: {', '.join(f'`{{{w}}}`' for w in WORDS)}.",
        table(_HEAD, rows(Rule)),
        "## `when`",
        _WHEN,
        table(_HEAD, rows(Conditions)),
        "## The rules that are delivered",
        table(("id", "objects", "when", "channel", "due in working days", "step"), delivered),
    ]
    return "\n\n".join(parts) + "\n"
