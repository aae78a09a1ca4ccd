"""Whether a step contradicts its record: told again from the raw rows, by a way of its own, and beside the score's reasons."""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd

from sales_consultant.config import playbook, settings
from sales_consultant.config.clock import from_iso
from sales_consultant.engine import DuckEngine
from sales_consultant.scoring.next_steps import Options, Proposal, facts, propose
from sales_consultant.scoring.text import signals
from sales_consultant.sync.models import registry
from sales_consultant.sync.plan import customer_facts, desired_values
from sales_consultant.sync.plan.steps import Steps, scored
from sales_consultant.sync.stores import State

DAY = 86_400_000
WINDOWS = {"last day": 1, "last week": 7, "last 2 weeks": 14, "last month": 31, "last 3 months": 92}
_INTENT = re.compile(r'intent == "(\w+)"')
_DATE = re.compile(r"(\d{1,2} [A-Z][a-z]{2,3} \d{4})")


@dataclass
class Company:
    """All steps of a company without a cap, with the reasons of the scores and the raw activities of each record."""

    as_of: int
    zone: ZoneInfo
    proposal: Proposal
    facts: pd.DataFrame
    reasons: Mapping[tuple[str, str], list[str]]
    activities: Mapping[tuple[str, str], pd.DataFrame] = field(repr=False, default_factory=dict)


class _Kept(Steps):
    def __call__(self, engine: DuckEngine, desired: Any, frames: Any, shown: Any) -> None:
        known = customer_facts((k, r.values) for k, r in desired.records.items())
        written = signals(engine, desired.as_of) if self.settings.text.enabled else None
        table = facts(engine, scored(frames, desired), as_of=desired.as_of, customers=known, signals=written)
        options = Options(as_of=desired.as_of, max_new_per_owner=10**9)
        reasons = {
            (o, i): desired_values.reason_lines(r)
            for f in frames
            for o, i, r in zip(f["object"], f["record_id"], f["reasons"], strict=True)
        }
        object.__setattr__(self, "made", (propose(engine, table, self.playbook, options), table, reasons))


def of_folder(folder: Path, as_of: int) -> Company:
    """From the folder that the demo leaves."""
    chosen = settings.load(folder / "sales-consultant.toml")
    data = folder / "data" / "demo"
    state = State(data / "state.db")
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as con:
        engine = DuckEngine(con)
        keeper = _Kept(chosen, playbook.load())
        models = registry.in_force(state, data / "models", chosen)
        desired_values.build(
            engine, chosen, models, keeper, as_of=as_of, shown={k: {} for k in desired_values.KEPT}
        )
        made, table, reasons = keeper.made  # type: ignore[attr-defined]  # set by the call above
        zone = str(con.execute("SELECT time_zone FROM org").fetchall()[0][0] or "UTC")
        return Company(as_of, ZoneInfo(zone), made, table, reasons, _activities(con, table, as_of))


def _activities(
    con: duckdb.DuckDBPyConnection, table: pd.DataFrame, as_of: int
) -> dict[tuple[str, str], pd.DataFrame]:
    """What happened with each record: on it, on the contacts of a deal, on the contacts and deals of a company."""
    links = con.execute("SELECT from_object, from_id, to_object, to_id FROM associations").df()
    rows = con.execute(
        "SELECT id, type, direction, coalesce(automated, false) AS automated, occurred_at, coalesce(known_at, occurred_at) "
        "AS known_at, (SELECT intent FROM signals g WHERE g.activity_id = activities.id LIMIT 1) AS intent "
        "FROM activities WHERE NOT coalesce(deleted, false)"
    ).df()
    rows = rows[(rows["occurred_at"] <= as_of) & (rows["known_at"] <= as_of)]
    of = links[links["from_object"] == "activity"].merge(rows, left_on="from_id", right_on="id")
    by = {key: part for key, part in of.groupby(["to_object", "to_id"])}
    contacts = links[(links["from_object"] == "deal") & (links["to_object"] == "contact")]
    of_deal = contacts.groupby("from_id")["to_id"].agg(list).to_dict()
    people = con.execute("SELECT company_id, id FROM contacts WHERE company_id IS NOT NULL").df()
    deals = con.execute("SELECT company_id, id FROM deals WHERE company_id IS NOT NULL").df()
    of_company = {
        name: frame.groupby("company_id")["id"].agg(list).to_dict()
        for name, frame in (("contact", people), ("deal", deals))
    }
    empty = of.head(0)
    found = {}
    for obj, record in zip(table["object"], table["record_id"], strict=True):
        single = {"deals": "deal", "contacts": "contact", "companies": "company"}[obj]
        keys = [(single, record)]
        if obj == "deals":
            keys += [("contact", c) for c in of_deal.get(record, [])]
        if obj == "companies":
            keys += [(n, i) for n, members in of_company.items() for i in members.get(record, [])]
        parts = [by[k] for k in keys if k in by]
        found[obj, record] = pd.concat(parts).drop_duplicates("id") if parts else empty
    return found


def _kinds(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    replied = (rows["direction"] == "inbound") & (rows["intent"] == "out_of_office")
    person = rows[~rows["automated"].astype(bool) & ~replied]
    theirs = person[
        ((person["direction"] == "inbound") & person["type"].isin(["email", "call", "form", "chat"]))
        | person["type"].isin(["form", "chat"])
    ]
    ours = person[person["type"].isin(["call", "email"]) & (person["direction"] != "inbound")]
    met = rows[rows["type"] == "meeting"]
    return {"inbound": theirs, "outbound": ours, "meeting": met, "touch": pd.concat([theirs, ours, met])}


def contradictions(company: Company) -> Iterator[str]:
    """What is wrong with any step, a line each."""
    held = {
        (o, i): n
        for n, (o, i) in enumerate(zip(company.facts["object"], company.facts["record_id"], strict=True))
    }
    for row in company.proposal.steps.itertuples(index=False):
        key = (str(row.object), str(row.record_id))
        kinds = _kinds(company.activities[key])
        text, reason = str(row.step), str(row.reason)
        fact = company.facts.iloc[held[key]]
        for wrong in (
            *_of_text(text, reason),
            *_of_dates(company, kinds, reason),
            *_of_reasons(company, key, reason),
            *_of_intent(company, str(row.rule), company.activities[key], reason),
        ):
            yield f"{key} [{row.rule}] {text} ({reason}): {wrong}"
        if row.channel == "email" and fact.get("no_email") is True and key[0] != "companies":
            yield f"{key} [{row.rule}]: they must not be written to"
        if "has passed" in reason and not float(fact["days_to_close_date"]) < 0:
            yield f"{key} [{row.rule}]: the close date has not passed"


def _of_text(text: str, reason: str) -> Iterator[str]:
    for odd in ("unknown", "None", "nan", "{", "inf"):
        if odd in f"{text} {reason}":
            yield f'it says "{odd}"'


def _last(rows: pd.DataFrame) -> int | None:
    return int(rows["occurred_at"].max()) if len(rows) else None


def _of_dates(company: Company, kinds: Mapping[str, pd.DataFrame], reason: str) -> Iterator[str]:
    """Dates and "since" are those of the raw rows."""
    for phrase, kind in (
        ("they wrote on", "inbound"), ("they were in touch on", "inbound"), ("met on", "meeting"),
        ("last meeting on", "meeting"), ("last contact on", "touch"), ("last message from us on", "outbound"),
        ("the last one on", "outbound"),
    ):  # fmt: skip
        if phrase in reason:
            last, said = _last(kinds[kind]), _said(reason, phrase)
            if (
                last is None
                or said != datetime.fromtimestamp(last / 1000, UTC).astimezone(company.zone).date()
            ):
                yield f"the last {kind} was {last and datetime.fromtimestamp(last / 1000, UTC)}"
    inbound, outbound, meeting = (_last(kinds[k]) or 0 for k in ("inbound", "outbound", "meeting"))
    if "had no answer" in reason and outbound >= inbound:
        yield "it was answered"
    if "nothing sent since" in reason and outbound >= meeting:
        yield "something was sent since"
    if "without an answer" in reason and not max(inbound, meeting) < outbound:
        yield "there was an answer"
    for phrase, kind in (
        ("last meeting never", "meeting"),
        ("last contact never", "touch"),
        ("from us never", "outbound"),
    ):
        if phrase in reason and len(kinds[kind]):
            yield f"there was a {kind}"


def _of_intent(company: Company, rule: str, rows: pd.DataFrame, reason: str) -> Iterator[str]:
    """Where a rule rests on what they want, a message of that day said so, or a note of a talk."""
    found = playbook.load().rule(rule)
    wanted = _INTENT.search(found.when) if found else None
    if wanted is None:
        return
    theirs = (rows["direction"] == "inbound") | rows["type"].isin(["note", "call", "meeting"])
    said = rows[theirs & (rows["intent"] == wanted.group(1))]
    days = {
        datetime.fromtimestamp(at / 1000, UTC).astimezone(company.zone).date() for at in said["occurred_at"]
    }
    if _said(reason, " on ") not in days:
        yield f"no message of that day was read as {wanted.group(1)}"


def _said(reason: str, phrase: str) -> date | None:
    found = _DATE.search(reason, reason.index(phrase))
    return datetime.strptime(found.group(1).replace("Sept", "Sep"), "%d %b %Y").date() if found else None  # noqa: DTZ007  # a day, no moment


def _of_reasons(company: Company, key: tuple[str, str], reason: str) -> Iterator[str]:
    """What the score's reasons say happened lately happened no later than the step says the last contact was."""
    if "last contact on" not in reason and "last contact never" not in reason:
        return
    said = _said(reason, "last contact") if "last contact on" in reason else None
    for line in company.reasons.get(key, ()):
        for words, days in WINDOWS.items():
            if re.search(rf"(repl|meeting|call|e-mail|contact)\w*[^,;]* in the {words}", line):
                first = datetime.fromtimestamp(company.as_of / 1000 - days * 86400, UTC).date()
                if said is None or said < first:
                    yield f'its score says "{line}"'


def main() -> None:
    """How many steps each rule gives, of the demo whose JSON document is named: `python -m support.steps_checked demo.json`."""
    document = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    company = of_folder(Path(document["folder"]), from_iso(document["as_of"]))
    for line in contradictions(company):
        print(line)
    steps = company.proposal.steps["rule"].value_counts()
    print(f"{steps.sum()} steps")
    for rule, number in steps.items():
        counts = company.proposal.counts.get(str(rule))
        held = (
            f", held for {counts.eligible}, out of reach {counts.blocked}, elsewhere {counts.elsewhere}"
            if counts
            else ""
        )
        print(f"{rule}: {number} ({number / steps.sum():.0%}){held}")


if __name__ == "__main__":
    main()
