"""Stages, opportunities with their stage history, contact roles, products and line items of a data folder."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sales_consultant.sandbox.clock import DAY_MS
from sales_consultant.sandbox.data_folder import field_name
from sales_consultant.sandbox.salesforce.loading.loading import Draft, Loader, Row, day
from sales_consultant.sandbox.salesforce.loading.people import link_conversions
from sales_consultant.sandbox.salesforce.org import VENDOR, ids, stamp
from sales_consultant.sandbox.salesforce.records import FORECAST_LABEL, expected, snapshot
from sales_consultant.sandbox.store import Record

Json = dict[str, Any]
# A deal's close date must be there from the start; where only the end is known, this was the guess.
_GUESS_MS = 90 * DAY_MS
# The stages of a new org: API name, probability, closed, won.
_DEFAULT = (
    ("Prospecting", 10), ("Qualification", 10), ("Needs Analysis", 20), ("Value Proposition", 50),
    ("Id. Decision Makers", 60), ("Perception Analysis", 70), ("Proposal/Price Quote", 75),
    ("Negotiation/Review", 90), ("Closed Won", 100), ("Closed Lost", 0),
)  # fmt: skip
_FORECAST = {
    "omitted": "Omitted", "omit": "Omitted", "pipeline": "Pipeline", "bestcase": "BestCase", "commit": "Forecast",
    "forecast": "Forecast", "closed": "Closed",
}  # fmt: skip
DEAL_COLUMNS = {
    "name": "Name", "company_id": "AccountId", "owner_id": "OwnerId", "stage": "StageName", "type": "Type",
    "amount": "Amount", "currency": "CurrencyIsoCode", "forecast_category": "ForecastCategoryName",
    "close_date": "CloseDate",
}  # fmt: skip


def load_stages(loader: Loader) -> None:
    """One list of stages for all pipelines, as Salesforce has it; a stage that differs between pipelines is told apart."""
    made: dict[str, Json] = {}
    names: dict[tuple[str, str], str] = {}
    for row in loader.folder["stages"]:
        body = _stage(row)
        name = row["stage"]
        held = made.get(name)
        if held is not None and (held["IsClosed"], held["IsWon"]) != (body["IsClosed"], body["IsWon"]):
            name = f"{row['stage']} ({row['pipeline']})"
        names[row["pipeline"], row["stage"]] = name
        made.setdefault(name, {**body, "ApiName": name})
    deals = loader.folder["deals"]
    where = {r["id"]: r.get("pipeline") or "" for r in deals}
    used = [(r.get("pipeline") or "", r.get("stage")) for r in deals]
    for table in ("deal_stage_history", "deal_history"):
        used += [(where[r["deal_id"]], r.get("stage")) for r in loader.folder[table]]
    for pipeline, stage in used:
        if stage and (pipeline, stage) not in names:
            names[pipeline, stage] = stage
            if stage not in made:
                word = stage.lower().replace("_", "").replace(" ", "")
                closed = word in ("won", "lost", "closedwon", "closedlost")
                row = {"stage": stage, "is_closed": closed, "is_won": closed and word.endswith("won")}
                made[stage] = {**_stage(row), "ApiName": stage}
    if not made:
        for stage, likely in _DEFAULT:
            row = {
                "stage": stage,
                "is_closed": stage.startswith("Closed"),
                "is_won": likely == 100,
                "probability": likely / 100,
            }
            made[stage] = {**_stage(row), "ApiName": stage}
    for n, body in enumerate(made.values(), start=1):
        body["SortOrder"] = n
    loader.add("OpportunityStage", [(loader.epoch, loader.epoch, b) for b in made.values()])
    loader.org.changed()
    loader.stage_names = names


def _stage(row: Row) -> Json:
    won = bool(row.get("is_won"))
    closed = won or bool(row.get("is_closed"))
    given = row.get("probability")
    likely = 1.0 if won else 0.0 if closed else 0.5 if given is None else min(1.0, float(given))
    # A guess of the sandbox's: the data folder has no forecast category of a stage.
    category = "Closed" if won else "Omitted" if closed else "BestCase" if likely >= 0.7 else "Pipeline"
    return {
        "MasterLabel": row.get("label") or row["stage"],
        "IsActive": True,
        "IsClosed": closed,
        "IsWon": won,
        "DefaultProbability": float(round(100 * likely)),
        "ForecastCategory": category,
        "ForecastCategoryName": FORECAST_LABEL.get(category, category),
    }


def load_deals(loader: Loader) -> None:
    """Opportunities and their history of stage, amount and close date; then what leads became of them."""
    table = loader.folder["deals"]
    named = loader.define(table, "Opportunity")
    loader.columns["deals"] = {**DEAL_COLUMNS, **loader.columns.get("deals", {})}
    types = _record_types(loader)
    staged: dict[str, list[Row]] = defaultdict(list)
    for source, time in (("deal_stage_history", "entered_at"), ("deal_history", "changed_at")):
        for row in loader.folder[source]:
            staged[row["deal_id"]].append({**row, "at": loader.time(row[time])})
    drafts: dict[str, Draft] = {}
    walks: dict[str, list[tuple[int, Json]]] = {}
    for row in table:
        created = loader.time(row.get("created_at"))
        values = {**_values(loader, row, created, types), **loader.custom(row, named)}
        draft = Draft(row["id"], created, values)
        walks[row["id"]] = _walk(loader, draft, row, staged[row["id"]])
        draft.modified = walks[row["id"]][-1][0]
        drafts[row["id"]] = draft
    loader.drafts["deals"] = drafts
    loader.number("Opportunity", list(drafts.values()))
    _histories(loader, walks)
    _roles(loader)
    link_conversions(loader)
    for name in ("Type", "LeadSource"):
        loader.org.add_options(
            "Opportunity", name, sorted({str(d.values[name]) for d in drafts.values() if d.values.get(name)})
        )


def _record_types(loader: Loader) -> dict[str | None, str]:
    """Record types where the deals have some of their own, or more than one pipeline."""
    deals = loader.folder["deals"]
    names = sorted({r["record_type"] for r in deals if r.get("record_type")})
    pipelines = [r["pipeline"] for r in loader.folder["stages"]] + [
        r["pipeline"] for r in deals if r.get("pipeline")
    ]
    if not names and len(set(pipelines)) > 1:
        names = list(dict.fromkeys(pipelines))
    if not names:
        return {}
    bodies = [
        {"Name": n, "DeveloperName": field_name(n), "SobjectType": "Opportunity", "IsActive": True}
        for n in names
    ]
    made = loader.add("RecordType", [(loader.epoch, loader.epoch, b) for b in bodies])
    loader.org.set_details(features=[*loader.org.details["features"], "record_types"])
    loader.columns["deals"][
        "record_type" if deals.rows and "record_type" in deals.columns else "pipeline"
    ] = "RecordTypeId"
    return dict(zip(names, made, strict=True))


def _values(loader: Loader, row: Row, created: int, types: dict[str | None, str]) -> Json:
    stages = loader.org.stages()
    pipeline = row.get("pipeline") or ""
    stage: str = loader.stage_names.get((pipeline, row.get("stage") or ""), next(iter(stages)))
    body = stages[stage]
    word = (row.get("forecast_category") or "").lower().replace(" ", "").replace("_", "")
    category = str(_FORECAST.get(word, body["ForecastCategory"]))
    close = row.get("close_date") if row.get("close_date") is not None else row.get("closed_at")
    amount = row.get("amount")
    values: Json = {
        "Name": (row.get("name") or row["id"])[:120],
        "AccountId": loader.id("companies", row.get("company_id")),
        "OwnerId": loader.owner(row),
        "StageName": stage,
        "Amount": None if amount is None else round(float(amount), 2),
        "Probability": body["DefaultProbability"],
        "CloseDate": day(created + _GUESS_MS if close is None else int(close)),
        "Type": row.get("type"),
        "IsClosed": body["IsClosed"],
        "IsWon": body["IsWon"],
        "ForecastCategory": category,
        "ForecastCategoryName": FORECAST_LABEL.get(category, category),
        "RecordTypeId": types.get(row.get("record_type") or pipeline),
        "external_id__c": row["id"],
    }
    if loader.org.feature("currencies"):
        values["CurrencyIsoCode"] = row.get("currency") or loader.org.details["currency"]
    expected(values)
    return values


def _walk(loader: Loader, draft: Draft, row: Row, entries: list[Row]) -> list[tuple[int, Json]]:
    """The states that the deal went through: (since when, stage, amount, probability and close date), oldest first."""
    stages = loader.org.stages()
    final, pipeline = draft.values, row.get("pipeline") or ""
    entries = sorted(entries, key=lambda e: e["at"])
    closed_at = row.get("closed_at")
    staged = [e for e in entries if e.get("stage")]
    dated = [e for e in entries if e.get("close_date") is not None]
    priced = [e for e in entries if e.get("amount") is not None]
    state = {k: final.get(k) for k in ("StageName", "Amount", "CloseDate", "CurrencyIsoCode")}
    if final["IsClosed"] and closed_at is not None:
        if not staged:
            # The file says when it was closed: it was not so since its creation.
            state["StageName"] = next((n for n, s in stages.items() if not s["IsClosed"]), state["StageName"])
        if not dated and final["CloseDate"] == day(int(closed_at)) and closed_at - draft.created > DAY_MS:
            # Closing a deal sets the day; before that it was a guess.
            state["CloseDate"] = day(draft.created + _GUESS_MS)
    changes = [(e["at"], e) for e in entries]
    walk: list[tuple[int, Json]] = []
    if staged:
        state["StageName"] = _name(loader, pipeline, staged[0]["stage"])
    if dated:
        state["CloseDate"] = day(int(dated[0]["close_date"]))
    if priced:
        state["Amount"] = round(float(priced[0]["amount"]), 2)
    walk.append((draft.created, _state(stages, state)))
    for at, entry in changes:
        if entry.get("stage"):
            state["StageName"] = _name(loader, pipeline, entry["stage"])
        if entry.get("amount") is not None:
            state["Amount"] = round(float(entry["amount"]), 2)
        if entry.get("close_date") is not None:
            state["CloseDate"] = day(int(entry["close_date"]))
        _step(walk, at, _state(stages, state))
    last = {k: final.get(k) for k in state}
    ends = walk[-1][0] if closed_at is None else max(walk[-1][0], loader.time(closed_at))
    _step(walk, ends, _state(stages, last))
    return walk


def _name(loader: Loader, pipeline: str, stage: str) -> str:
    found: str = loader.stage_names[pipeline, stage]
    return found


def _state(stages: dict[str, Json], state: Json) -> Json:
    stage = stages[state["StageName"]]
    made = {
        **state,
        "Probability": stage["DefaultProbability"],
        "ForecastCategory": stage["ForecastCategory"],
    }
    expected(made)
    return made


def _step(walk: list[tuple[int, Json]], at: int, state: Json) -> None:
    if walk[-1][1] == state:
        return
    if walk[-1][0] >= at:
        walk[-1] = (walk[-1][0], state)
    else:
        walk.append((at, state))


def _histories(loader: Loader, walks: dict[str, list[tuple[int, Json]]]) -> None:
    rows: list[tuple[int, int, str]] = []
    for external, walk in walks.items():
        draft = loader.drafts["deals"][external]
        owner = draft.values["OwnerId"]
        for n, (at, state) in enumerate(walk):
            until = walk[n + 1][0] if n + 1 < len(walk) else at
            rows.append((at, max(at, until), snapshot(draft.id, state, owner)))
        moves = [at for n, (at, s) in enumerate(walk) if n and s["StageName"] != walk[n - 1][1]["StageName"]]
        draft.values["LastStageChangeDate"] = stamp(moves[-1]) if moves else None
    rows.sort(key=lambda r: r[0])
    first = loader.org.new_ids("OpportunityHistory", len(rows))
    loader.org.store.insert(
        VENDOR,
        "OpportunityHistory",
        (
            Record(ids.make("OpportunityHistory", first + n), first + n, text, at, until)
            for n, (at, until, text) in enumerate(rows)
        ),
    )


def _roles(loader: Loader) -> None:
    """The deal's own contact is the primary one unless the file of roles says otherwise."""
    role_of: dict[tuple[str, str], tuple[int, Json]] = {}
    named = {(r["deal_id"], r["contact_id"]): r for r in loader.folder["deal_contacts"]}
    primary = {r["deal_id"] for r in named.values() if r.get("is_primary")}
    pairs = [(r["id"], r["contact_id"]) for r in loader.folder["deals"] if r.get("contact_id")]
    for deal_id, contact_id in dict.fromkeys([*pairs, *named]):
        deal, contact = loader.drafts["deals"][deal_id], loader.drafts["contacts"][contact_id]
        row = named.get((deal_id, contact_id), {})
        is_primary = bool(row.get("is_primary")) or (
            deal_id not in primary and (deal_id, contact_id) in pairs
        )
        body = {
            "OpportunityId": deal.id,
            "ContactId": contact.id,
            "Role": row.get("role"),
            "IsPrimary": is_primary,
        }
        role_of[deal_id, contact_id] = (row.get("created_at") or max(deal.created, contact.created), body)
    loader.add(
        "OpportunityContactRole", [(at, at, b) for at, b in sorted(role_of.values(), key=lambda f: f[0])]
    )
    roles = sorted({r["role"] for r in named.values() if r.get("role")})
    loader.org.add_options("OpportunityContactRole", "Role", roles)


def load_goods(loader: Loader) -> None:
    """Products with a standard price, and the opportunities' products: made when their deal was, unless the folder says when."""
    made = _products(loader)
    entries = _price_book(loader, made)
    _line_items(loader, made, entries)


def _products(loader: Loader) -> dict[str, Draft]:
    """Products by the folder's id."""
    products = loader.folder["products"]
    named = loader.define(products, "Product2")
    made = {}
    for row in products:
        values = {
            "Name": (row.get("name") or row["id"])[:255],
            "ProductCode": row["id"],
            "IsActive": True,
            "external_id__c": row["id"],
        }
        made[row["id"]] = Draft(row["id"], loader.epoch, {**values, **loader.custom(row, named)})
    loader.drafts["products"] = made
    loader.number("Product2", list(made.values()))
    loader.write("Product2", made.values())
    return made


def _price_book(loader: Loader, made: Mapping[str, Draft]) -> dict[str, str]:
    """The standard price book; ids of its entries by the folder's product id."""
    at = loader.epoch
    (book,) = loader.add(
        "Pricebook2", [(at, at, {"Name": "Standard Price Book", "IsActive": True, "IsStandard": True})]
    )
    money = {"CurrencyIsoCode": loader.org.details["currency"]} if loader.org.feature("currencies") else {}
    products = loader.folder["products"]
    prices = [
        {
            "Name": made[r["id"]].values["Name"],
            "Pricebook2Id": book,
            "Product2Id": made[r["id"]].id,
            "UnitPrice": float(r.get("price") or 0),
            "IsActive": True,
            **money,
        }
        for r in products
    ]
    ids = loader.add("PricebookEntry", [(at, at, p) for p in prices])
    return dict(zip((r["id"] for r in products), ids, strict=True))


def _line_items(loader: Loader, made: Mapping[str, Draft], entries: Mapping[str, str]) -> None:
    several = loader.org.feature("currencies")
    listed = {r["id"]: float(r["price"]) for r in loader.folder["products"] if r.get("price") is not None}
    items = loader.folder["line_items"]
    columns = loader.define(items, "OpportunityLineItem")
    drafts = {}
    for row in items:
        deal = loader.drafts["deals"][row["deal_id"]]
        product = made.get(row.get("product_id") or "")
        values = {
            "OpportunityId": deal.id,
            "Product2Id": product.id if product else None,
            "PricebookEntryId": entries.get(row.get("product_id") or ""),
            "ProductCode": product.external if product else None,
            "Name": f"{deal.values['Name']} {product.values['Name']}"[:376]
            if product
            else deal.values["Name"],
            **_price(row, listed.get(row.get("product_id") or "")),
            "external_id__c": row["id"],
            **({"CurrencyIsoCode": deal.values.get("CurrencyIsoCode")} if several else {}),
            **loader.custom(row, columns),
        }
        deal.values["HasOpportunityLineItem"] = True
        drafts[row["id"]] = Draft(row["id"], row.get("created_at") or deal.created, values)
    loader.drafts["line_items"] = drafts
    loader.number("OpportunityLineItem", list(drafts.values()))
    loader.write("OpportunityLineItem", drafts.values())


def _price(row: Row, listed: float | None) -> Json:
    price = listed
    quantity = 1.0 if row.get("quantity") is None else float(row["quantity"])
    amount = row.get("amount")
    if amount is None and price is not None:
        amount = price * quantity
    if amount is not None and quantity:
        price = float(amount) / quantity
    return {
        "Quantity": quantity,
        "UnitPrice": None if price is None else round(price, 2),
        "ListPrice": None if listed is None else round(listed, 2),
        "TotalPrice": None if amount is None else round(float(amount), 2),
    }
