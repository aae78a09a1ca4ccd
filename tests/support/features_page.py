"""docs/reference/features.md: every feature, from the declarations of the features."""

from pathlib import Path

from sales_consultant.scoring.features.catalogue import standard
from sales_consultant.scoring.features.declarations import Entity, Feature, Match

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "features.md"
_INTRODUCTION = """\
What a model may learn from, by object. This page is generated from the declarations of the features.

Every feature is computed as of a cut-off, from rows that the CRM knew by then: what happened before it, and what was
planned by then for after it. Features of one reason are shown together, as one line under a score. *Whose* says whether
the buyer did it (replies, visits, meetings), the seller (calls, e-mails sent), or neither. `seller_features = false` in a
population leaves the seller's out; the forward test is also made without them. Features whose names start with `written` are
used only where [text is on](../how-to/text.md) when a model is trained.

A missing value stays missing and never becomes zero: where no e-mail was sent there is no share of answered ones."""
_FIELDS = """\
## The CRM's own fields

Every field of deals, contacts and companies, custom ones included, is a candidate where its value at a past cut-off is
known: from its history, or because it cannot change (`features.fixed` names such fields). A deal has also those of its
contact and its company, a contact those of its company. A number with history gives its value, its change in 30 days
(`.change_30d`) and the days since it last changed (`.days_since_change`); a date the days before the cut-off; a job title
the level it names; a text its value, rare ones together.

A field of which only today's value is known is used where today's open records show that the outcome does not set it, on
all rows or on none; the model card names it with what speaks for it.

Left out, and said so on the model card: the other fields known as of today only, links that nothing shows to be as old as
they would have to be, our own fields and what is computed from others,
names of known leaks, the owner and other properties of a seller (`features.about_reps`), protected attributes such as age,
gender or nationality (`features.protected` puts one in, which is logged), and what the leak audit finds."""
_TITLES: dict[Entity, str] = {"deals": "Deals", "contacts": "Contacts and leads", "companies": "Companies"}


def _rows(where: Match) -> str:
    """Conditions in words."""
    said = []
    for column, values in where:
        if column == "automated":
            said.append("not automated")
        elif column == "won":
            said.append("won" if values[0] else "lost")
        elif column == "up":
            said.append("up" if values[0] else "down")
        else:
            named = " or ".join("unknown" if v is None else str(v) for v in values)
            said.append(f"{column} {named}")
    return ", ".join(said) or "any"


def _what(feature: Feature) -> str:
    """What a feature is, in one sentence."""
    rows = f"{feature.source.replace('_', ' ')} ({_rows(feature.where)})"
    back = f"in the last {feature.window} days" if feature.window else "ever"
    if feature.aggregate == "count":
        return f"number of {rows} {back}"
    if feature.aggregate == "days_since_last":
        return f"days since the last of {rows}"
    if feature.aggregate == "planned":
        return f"number of {rows} planned for the next {feature.window} days"
    if feature.aggregate == "days_until_next":
        return f"days until the next planned of {rows}"
    if feature.aggregate == "trend":
        window = feature.window or 0
        return f"{rows} {back} against the last {3 * window} days: 1 is as before, 3 all of them new"
    if feature.aggregate == "rate":
        return f"{rows} as a share of {feature.source.replace('_', ' ')} ({_rows(feature.over)}) {back}, at most 1"
    return feature.says or feature.column


def page() -> str:
    """The page as Markdown."""
    parts = ["# Features", _INTRODUCTION]
    for entity, title in _TITLES.items():
        groups, features = standard(entity, seller=True, written=True)
        lines = ["| reason | whose | feature | what it is |", "|---|---|---|---|"]
        for group in groups:
            for feature in (f for f in features if f.group == group.name):
                lines.append(f"| {group.name} | {group.side} | `{feature.name}` | {_what(feature)} |")
        parts += [f"## {title}", f"{len(features)} features in {len(groups)} reasons.", "\n".join(lines)]
    return "\n\n".join([*parts, _FIELDS]) + "\n"
