"""The customer's own fields as features: which may be used, and their values as of a cut-off."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.engine import Block, Engine, neutral, per_cut, query
from sales_consultant.scoring.core import Finding
from sales_consultant.scoring.features.attributes import describes
from sales_consultant.scoring.features.declarations import Feature, FieldSource, Group, Words, of_dtype
from sales_consultant.scoring.features.field_names import doubted, known_leaker

if TYPE_CHECKING:
    from sales_consultant.config.populations import FeatureSettings
    from sales_consultant.scoring.features.declarations import Entity, Kind, Side

# Whose fields say something about a member, and the member's column that finds them.
OWNERS: dict[Entity, tuple[tuple[Entity, str], ...]] = {
    "deals": (("deals", "record_id"), ("contacts", "contact_id"), ("companies", "company_id")),
    "contacts": (("contacts", "record_id"), ("companies", "company_id")),
    "companies": (("companies", "record_id"),),
}
_PROTECTED = re.compile(
    r"(^|_)(age|birth\w*|(date|year|month|day|place|country)_?of_?birth|dob|born(_on|_at)?|gender|sex|sexual\w*|"
    r"pronouns?|salutation|geschlecht|anrede|nation|nationality|staatsangeh\w*|ethnic\w*|race|racial\w*|skin_colou?r|"
    r"relig\w*|faith|konfession|beliefs?|caste|marital\w*|marriage\w*|family_?status|familienstand|"
    r"children|num_kids|disab\w*|handicap\w*|pregnan\w*|maternity\w*|citizenship|(mother|native)_?(tongue|language)|"
    r"health_(status|condition|problem|issue)s?|medical_(history|condition|record)s?|genetic_data|political_?(view|opinion|party|affiliation)s?|"
    r"(trade_)?union_?(member\w*)?|veteran\w*|refugee\w*|migrant\w*|migration_background)($|_)"
)
# Counts of what somebody does on our pages and with our mails, as CRMs and the tools beside them call it.
_INTEREST = re.compile(
    r"(^|_)(page_?views?|views?|visits?|sessions?|clicks?|opens?|opened|downloads?|webinars?|sign_?ups?|log_?ins?|"
    r"seitenaufrufe|aufrufe|besuche|klicks|vues|visites|clics|visitas|vistas)(_|$)"
)
_ABOUT_REPS = re.compile(r"(^|_)(owner|rep|sales_?(rep|person)|assigned_to|created_by|modified_by)(_|$)")
# Told elsewhere by features of their own, or not a property of the buyer at all.
_NOT_FIELDS = {
    "stage", "amount", "close_date", "closed_at", "is_closed", "is_won", "pipeline", "owner_id", "name", "email",
    "first_name", "last_name", "domain", "company_id", "created_at", "modified_at", "id", "currency",
    "converted_at", "is_converted", "converted_contact_id", "converted_deal_id", "do_not_score", "c_external_id",
}  # fmt: skip
UNDATED = "only today's value is known; name it in `features.fixed` if it can never change"
_SENIORITY = (
    ("executive", r"\b(chief|c[efitmord]o|cpo|ciso|cro|founder|owner|president|partner|general manager)\b"),
    ("vice president", r"\b(s?vp|evp|vice president)\b"),
    ("director", r"\b(director|head|directeur|leiter)\b"),
    ("manager", r"\b(manager|lead|supervisor|principal)\b"),
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the CRM that may be a feature: `known` is "history" or "fixed".

    `undated`: only today's value is known, and nobody says that it never changes; `attribute`: its name says what the record is
    (see `attributes.describes`).
    """

    entity: Entity
    key: str
    column: str
    label: str
    kind: str
    known: Literal["fixed", "history"]
    undated: bool = False
    attribute: bool = False

    @property
    def name(self) -> str:
        """The feature's name: entity and column."""
        return f"{self.entity}.{self.column}"


def _kind(dtype: Any) -> str:
    """The kind of a column by its Ibis type, where the CRM does not describe it."""
    if dtype.is_boolean():
        return "bool"
    return "number" if dtype.is_numeric() else "enumeration"


def candidates(
    engine: Engine, entity: Entity, settings: FeatureSettings
) -> tuple[list[Field], list[Finding]]:
    """The fields that may be used, or may be once today's records show it (`undated`), and a finding for each other one."""
    table = query(engine, neutral(engine, "fields")).drop_duplicates(["object", "column_name"])
    used, dropped = [], []
    for owner, key in OWNERS[entity]:
        present = engine.schema(owner)
        described = {str(r["column_name"]): r for _, r in table[table["object"] == owner].iterrows()}
        extra = [f.split(".", 1)[1] for f in settings.fixed if f.startswith(f"{owner}.")]
        for column in sorted({*described, *extra} & set(present)):
            row = described.get(column)
            name = f"{owner}.{column}"
            if column in _NOT_FIELDS or (row is not None and row["ours"]):
                continue
            known = str(row["known"]) if row is not None else "fixed"
            if name in settings.fixed and known == "current":
                known = "fixed"
            refused = _refused(name, column, row, known, settings)
            kind = str(row["type"]) if row is not None else _kind(present[column])
            # A date of today is one of the process, and what speaks of an outcome is no attribute.
            undated = refused is not None and refused[0] == "current"
            if refused is not None and (not undated or kind == "datetime" or doubted(column)):
                dropped.append(Finding(name, *refused))
                continue
            label = str((row["label"] if row is not None else "") or column.removeprefix("c_"))
            past: Literal["fixed", "history"] = "history" if known == "history" else "fixed"
            named = undated and (describes(column) or describes(label))
            used.append(Field(owner, key, column, label, kind, past, undated, named))
    return used, dropped


def without_history(engine: Engine, settings: FeatureSettings) -> dict[str, set[str]]:
    """The columns by object of which the CRM tells today's value only, and that may be features: worth a history of our own.

    What is named as fixed is among them, for it may not stay named. Texts that are no attributes are left out: an address or a
    note says who somebody is, and a model learns nothing from it.
    """
    wanted: dict[str, set[str]] = {}
    for field in candidates(engine, "deals", settings.model_copy(update={"fixed": []}))[0]:
        if field.undated and (field.kind != "string" or field.attribute):
            wanted.setdefault(field.entity, set()).add(field.column)
    return wanted


def protected(names: list[str]) -> list[str]:
    """The customer's fields among a model's columns that are protected attributes: somebody put them in."""
    fields = {family(n) for n in names if n.partition(".")[0] in OWNERS}
    return sorted(f for f in fields if _PROTECTED.search(_plain(f.partition(".")[2])))


def _plain(column: str) -> str:
    """A column's name in words joined by underscores, without the mark of custom fields."""
    return re.sub(r"[^a-z0-9]+", "_", column.removeprefix("c_").lower())


def _refused(
    name: str, column: str, row: Any, known: str, settings: FeatureSettings
) -> tuple[str, str] | None:
    plain = _plain(column)
    if name in settings.omit:
        return "omitted", "the settings leave it out"
    if _PROTECTED.search(plain) and name not in settings.protected:
        return "protected", "a protected attribute; put it in with `features.protected` on purpose only"
    if _ABOUT_REPS.search(plain) and not settings.about_reps:
        return "about_reps", "says something about the seller, not about the buyer"
    if known == "over_ours":
        return "over_ours", "is computed from fields of ours: a model would learn from its own scores"
    if row is not None and bool(row["calculated"]) and known != "history":
        return "calculated", "is computed from other fields, as of today only"
    leak = known_leaker(plain, has_history=known == "history")
    if leak:
        return "known_leaker", leak
    if known == "current":
        return "current", UNDATED
    return None


def family(column: str) -> str:
    """The field that a column of the training frame is made of; a column of our own counting is its own.

    >>> family("contacts.c_page_views.change_30d"), family("meetings_30d")
    ('contacts.c_page_views', 'meetings_30d')
    """
    owner, _, rest = column.partition(".")
    return f"{owner}.{rest.partition('.')[0]}" if owner in OWNERS and rest else column


def declared(fields: list[Field]) -> tuple[list[Group], list[Feature]]:
    """Groups and features of fields: numbers with history also give their change and its age."""
    groups, features = [], []
    for field in fields:
        source = str(FieldSource(field.known, field.entity, field.key))
        kind: Kind = "number" if field.kind in ("number", "datetime") else "category"
        label = field.label
        if field.column == "title":
            label, kind = "seniority", "category"
        side: Side = "buyer" if field.known == "history" else "neutral"
        # What a company or a person is, is one reason; a number with a history is a doing of its own.
        profile = {"companies": "company_profile", "contacts": "person"}.get(field.entity, "")
        counts = field.kind == "number" and field.known == "history"
        theme = "" if counts else profile
        if field.kind == "number" and (
            _INTEREST.search(_plain(field.column)) or _INTEREST.search(_plain(label))
        ):
            # Two counts of visits take each other's points: together they are one reason.
            theme = "interest"
        groups.append(Group(field.name, side, Words(kind, label), theme))
        kept = of_dtype(field.kind)
        features.append(Feature(field.name, source, field.name, where=kept, column=field.column))
        if field.kind == "number" and field.known == "history":
            for suffix in ("change_30d", "days_since_change"):
                features.append(
                    Feature(f"{field.name}.{suffix}", source, field.name, where=kept, column=field.column)
                )
    return groups, features


def seniority(titles: pd.Series[str]) -> pd.Series[str]:
    """The level that words of a job title name: executive to manager, else "other"; a gap stays one."""
    text = titles.fillna("").str.lower()
    out = titles.where(titles.isna() | (text == ""), "other").where(text != "")
    for level, pattern in reversed(_SENIORITY):
        out = out.mask(text.str.contains(pattern.replace("(", "(?:"), regex=True), level)
    return out


def typed(values: pd.Series[Any], kind: str, cuts: pd.Series[int]) -> pd.Series[Any]:
    """Values of a field as its kind says: numbers, "true"/"false", days before the cut-off, or text."""
    if kind == "number":
        return pd.to_numeric(values, errors="coerce").astype("float64")
    if kind == "bool":
        text = values.astype("string").str.lower()
        return text.replace({"1": "true", "0": "false"}).astype(object).where(text.notna(), None)
    if kind == "datetime":
        numbers = pd.to_numeric(values, errors="coerce").astype("float64")
        text = values.where(numbers.isna()).astype("string")
        dates = pd.to_datetime(text, errors="coerce", utc=True, format="ISO8601").dt.as_unit("ms")
        ms = numbers.fillna(dates.astype("int64").astype("float64").where(dates.notna()))
        return pd.Series((cuts.to_numpy() - ms.to_numpy(dtype=float)) // DAY_MS, index=values.index)
    text = values.astype("string").str.strip()
    return text.astype(object).where(text.notna() & (text != ""), None)


def historic(engine: Engine, entity: str, key: str, names: list[str], members: pd.DataFrame) -> pd.DataFrame:
    """Values of fields as of each cut-off, long: record_id, cut, field, value, changed_at, before.

    `before` is the value 30 days earlier.
    """
    return per_cut(
        engine, lambda: _historic(engine, entity, key, names), members, name=("history", entity, key, *names)
    )


def _historic(engine: Engine, entity: str, key: str, names: list[str]) -> Block:
    import ibis

    rows = neutral(engine, "field_history")
    rows = rows.filter((rows.object == entity) & rows.field.isin(names))

    def latest(rows: Any, until: Any, **named: str) -> Any:
        known = rows.filter(rows.changed_at <= until)
        order = ibis.window(
            group_by=[known.record_id, known.field], order_by=[known.changed_at.desc(), known.value.desc()]
        )
        known = known.mutate(rank=ibis.row_number().over(order))
        known = known.filter(known["rank"] == 0)
        return known.select(**{name: known[column] for name, column in named.items()})

    def block(at: Any, cut: Any) -> Any:
        now = latest(rows, cut, of="record_id", field="field", value="value", changed_at="changed_at")
        then = latest(rows, cut - 30 * DAY_MS, of_then="record_id", field_then="field", before="value")
        joined = at.inner_join(now, at[key] == now.of)
        joined = joined.left_join(then, (joined.of == then.of_then) & (joined.field == then.field_then))
        return joined.select("record_id", "cut", "field", "value", "changed_at", "before")

    return block


def fixed(engine: Engine, entity: str, names: list[str]) -> pd.DataFrame:
    """Values of fields that never change, by the id of their record."""
    t = neutral(engine, entity)
    chosen = {n: t[n].cast("string") if not t[n].type().is_numeric() else t[n].cast("float64") for n in names}
    return query(engine, t.select(key=t.id, **chosen)).set_index("key")
