"""Owners, companies and people of a data folder. A lead is a contact; a converted one is the contact it became."""

from collections import defaultdict
from typing import Any

from sales_consultant.sandbox.clock import iso
from sales_consultant.sandbox.hubspot.loading.loading import Draft, Loader, Row
from sales_consultant.sandbox.hubspot.portal import KINDS, VENDOR, definition, group_of
from sales_consultant.sandbox.hubspot.records import dumps
from sales_consultant.sandbox.store import Record

_LIFECYCLE = {
    "mql": "marketingqualifiedlead",
    "sql": "salesqualifiedlead",
    "marketing_qualified": "marketingqualifiedlead",
    "prospect": "lead",
}
_PERSON = {
    "email": "email",
    "first_name": "firstname",
    "last_name": "lastname",
    "title": "jobtitle",
    "lead_source": "lead_source",
}
PERSON_COLUMNS = {
    **_PERSON,
    "owner_id": "hubspot_owner_id",
    "lifecycle_stage": "lifecyclestage",
    "status": "hs_lead_status",
    "company_name": "company",
    "email_opt_out": "hs_email_optout",
    "do_not_call": "do_not_call",
}


def load_owners(loader: Loader) -> None:
    """Owners, and the users behind them."""
    store, at = loader.portal.store, loader.epoch
    rows = list(loader.folder["owners"])
    first = store.next_seq(VENDOR, "owners", len(rows), start=501_000_001)
    user = store.next_seq(VENDOR, "user_ids", len(rows), start=61_000_001)
    owners, users = [], []
    for n, row in enumerate(rows):
        loader.owners[row["id"]] = str(first + n)
        names = {
            "firstName": row.get("first_name"),
            "lastName": row.get("last_name"),
            "email": row.get("email"),
        }
        body = {**names, "userId": str(user + n), "external_id": row["id"]}
        owners.append(Record(str(first + n), first + n, _json(body), at, at))
        shown = {
            "hs_given_name": row.get("first_name"),
            "hs_family_name": row.get("last_name"),
            "hs_email": row.get("email"),
            "hubspot_owner_id": str(first + n),
            "external_id": row["id"],
        }
        users.append(Record(str(user + n), user + n, _json(shown), at, at))
    store.insert(VENDOR, "owners", owners)
    store.insert(VENDOR, "users", users)


def _json(values: dict[str, Any]) -> str:
    return dumps(values)


def load_companies(loader: Loader) -> None:
    """Companies."""
    kind, table = KINDS["companies"], loader.folder["companies"]
    named = loader.define(table, kind)
    loader.options(kind, "industry", [r["industry"] for r in table if r.get("industry")])
    loader.columns["companies"] = {
        "name": "name",
        "domain": "domain",
        "industry": "industry",
        "owner_id": "hubspot_owner_id",
        **loader.columns.get("companies", {}),
    }
    drafts = {}
    for row in table:
        values = {
            "name": row.get("name"),
            "domain": row.get("domain"),
            "industry": row.get("industry"),
            "hubspot_owner_id": loader.owner(row),
            **loader.custom(row, named),
        }
        created = row.get("created_at")
        drafts[row["id"]] = Draft(kind, row["id"], loader.epoch if created is None else created, values)
    loader.drafts["companies"] = drafts
    loader.save("companies", list(drafts.values()))


def load_people(loader: Loader) -> None:
    """Contacts, then leads: a converted lead and one with a contact's address add to that contact."""
    kind = KINDS["contacts"]
    for name, type, field_type in (
        ("lead_source", "enumeration", "select"),
        ("do_not_call", "bool", "booleancheckbox"),
    ):
        _define(loader, name, type, field_type)
    contacts: dict[str, Draft] = {}
    leads: dict[str, Draft] = {}
    by_email: dict[str, Draft] = {}
    loader.drafts["contacts"], loader.drafts["leads"] = contacts, leads
    deals = _deal_times(loader)
    for table_name, mine in (("contacts", contacts), ("leads", leads)):
        table = loader.folder[table_name]
        named = loader.define(table, kind)
        loader.columns[table_name] = {**PERSON_COLUMNS, **loader.columns.get(table_name, {})}
        for column, name in (("lead_source", "lead_source"), ("status", "hs_lead_status")):
            loader.options(kind, name, [r[column] for r in table if r.get(column)])
        for row in table:
            draft = _person(loader, row, loader.custom(row, named))
            email = (row.get("email") or "").lower()
            known = contacts.get(row.get("converted_contact_id") or "") or (
                by_email.get(email) if email else None
            )
            if known is None:
                mine[row["id"]] = draft
                if email:
                    by_email[email] = draft
            else:
                # HubSpot holds an address once.
                _add(known, draft)
                mine[row["id"]] = known
            _lifecycle(loader, mine[row["id"]], row, deals)
    unique = {id(d): d for d in (*contacts.values(), *leads.values())}
    loader.save("contacts", list(unique.values()))
    for table_name, mine in (("contacts", contacts), ("leads", leads)):
        for row in loader.folder[table_name]:
            person, company = mine[row["id"]], loader.draft("companies", row.get("company_id"))
            if company is not None and "associatedcompanyid" not in person.values:
                loader.link(person, company, max(person.created, company.created), (1, "Primary"))
                person.values["associatedcompanyid"] = company.id
                person.values.setdefault("company", company.values.get("name"))


def _define(loader: Loader, name: str, type: str, field_type: str) -> None:
    kind = KINDS["contacts"]
    label = name.replace("_", " ").capitalize()
    body = definition(name, label, type, field_type, group_of(kind)[0], iso(loader.epoch), own=False)
    loader.portal.put_definition(kind, body)


def _person(loader: Loader, row: Row, custom: dict[str, str | None]) -> Draft:
    created = row.get("created_at")
    values: dict[str, str | None] = {
        **{name: row.get(column) for column, name in _PERSON.items()},
        "hubspot_owner_id": loader.owner(row),
        "hs_lead_status": row.get("status"),
        **custom,
    }
    if row.get("company_name"):
        values["company"] = row["company_name"]
    if row.get("email_opt_out") is not None:
        values["hs_email_optout"] = "true" if row["email_opt_out"] else "false"
    if row.get("do_not_call") is not None:
        values["do_not_call"] = "true" if row["do_not_call"] else "false"
    if row.get("bounced"):
        values |= {"hs_email_hard_bounce_reason_enum": "UNKNOWN_USER", "hs_email_bounce": "1"}
    draft = Draft(KINDS["contacts"], row["id"], loader.epoch if created is None else created, values)
    if row.get("status") and row.get("converted_at") is not None:
        # A converted lead's status is that of its conversion: before it nobody knew.
        draft.since("hs_lead_status", [(max(row["converted_at"], draft.created), row["status"])])
    return draft


def _add(known: Draft, lead: Draft) -> None:
    """What a lead knew goes to the contact that it became, where the contact does not know better."""
    known.created = min(known.created, lead.created)
    for name, value in lead.values.items():
        if value is not None and known.values.get(name) is None:
            known.values[name] = value
            if name in lead.history:
                known.history[name] = lead.history[name]


def _deal_times(loader: Loader) -> dict[str, tuple[int, int | None]]:
    """When a contact's first deal was opened and its first one won, by the contact's id in the folder."""
    won = {r["stage"] for r in loader.folder["stages"] if r.get("is_won")} or {"closedwon"}
    of_contact: dict[str, list[Row]] = defaultdict(list)
    deals = {r["id"]: r for r in loader.folder["deals"]}
    for deal in deals.values():
        if deal.get("contact_id"):
            of_contact[deal["contact_id"]].append(deal)
    for row in loader.folder["deal_contacts"]:
        of_contact[row["contact_id"]].append(deals[row["deal_id"]])
    found = {}
    for contact, mine in of_contact.items():
        opened = [d["created_at"] for d in mine if d.get("created_at") is not None]
        closed = [d["closed_at"] for d in mine if d.get("stage") in won and d.get("closed_at") is not None]
        if opened:
            found[contact] = (min(opened), min(closed) if closed else None)
    return found


def _lifecycle(loader: Loader, person: Draft, row: Row, deals: dict[str, tuple[int, int | None]]) -> None:
    """Lead, opportunity from its conversion or first deal on, customer from its first won deal on.

    A stage that the folder gives, and that is not where these end, holds since creation.
    """
    entries = [*person.history.get("lifecyclestage", ()), (person.created, "lead")]
    entries = [(at, value) for at, value in entries if value != "lead" or at == person.created]
    opened, won = deals.get(str(row["id"]), (None, None))
    if row.get("converted_at") is not None:
        opened = row["converted_at"] if opened is None else min(opened, row["converted_at"])
    if opened is not None:
        entries.append((max(opened, person.created), "opportunity"))
    if won is not None:
        entries.append((max(won, person.created), "customer"))
    # A contact that was merged from several rows takes the first time of each stage.
    first: dict[str, int] = {}
    for at, value in entries:
        if value is not None:
            first[value] = min(at, first.get(value, at))
    given = row.get("lifecycle_stage")
    if given:
        stage = given.lower().replace(" ", "").replace("-", "")
        stage = _LIFECYCLE.get(str(given).lower(), stage)
        loader.options(KINDS["contacts"], "lifecyclestage", [stage])
        last = max(first, key=lambda s: first[s])
        # A converted lead was a lead: that is no news about the contact that it became.
        if stage != last and not (stage == "lead" and len(first) > 1):
            at = row.get("converted_at")
            first = {"lead": person.created, stage: at} if at is not None else {stage: person.created}
    order: dict[str | None, int] = {"lead": 0, "opportunity": 1, "customer": 2}
    person.since(
        "lifecyclestage",
        sorted(((at, s) for s, at in first.items()), key=lambda e: (e[0], order.get(e[1], 1))),
    )
