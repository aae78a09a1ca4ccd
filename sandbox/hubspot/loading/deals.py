"""Pipelines, deals with their history, products and line items of a data folder."""

from collections import defaultdict
from typing import Any

from sales_consultant.sandbox.clock import DAY_MS, iso
from sales_consultant.sandbox.data_folder.tables import CustomField
from sales_consultant.sandbox.hubspot.loading.loading import Draft, Loader, Row
from sales_consultant.sandbox.hubspot.portal import KINDS, derive, number
from sales_consultant.sandbox.hubspot.records import add_label, pair
from sales_consultant.sandbox.hubspot.settings import (
    DEFAULT_STAGES,
    ensure_default,
    pipeline,
    put_rate,
    stage,
)

_DEAL_TYPES = {
    "newbusiness": "newbusiness",
    "new": "newbusiness",
    "existingbusiness": "existingbusiness",
    "existing": "existingbusiness",
}
_FORECAST = {
    "omitted": "OMIT",
    "omit": "OMIT",
    "pipeline": "PIPELINE",
    "bestcase": "BEST_CASE",
    "commit": "COMMIT",
    "closed": "CLOSED",
}
DEAL_COLUMNS = {
    "name": "dealname",
    "owner_id": "hubspot_owner_id",
    "pipeline": "pipeline",
    "stage": "dealstage",
    "type": "dealtype",
    "record_type": "record_type",
    "amount": "amount",
    "currency": "deal_currency_code",
    "forecast_category": "hs_manual_forecast_category",
    "close_date": "closedate",
}
Json = dict[str, Any]


def load_currencies(loader: Loader) -> None:
    """The home currency is the one whose rate is 1; deals' own where the folder names none."""
    rows = list(loader.folder["currencies"])
    if rows:
        home = next((r["code"] for r in rows if r["rate"] == 1), rows[0]["code"])
        others = [r["code"] for r in rows if r["code"] != home]
        loader.portal.set_account(companyCurrency=home, additionalCurrencies=others)
        for row in rows:
            if row["code"] != home and row["rate"]:
                # The folder tells units for one of the home currency, HubSpot the worth of one unit in it.
                put_rate(loader.portal, row["code"], 1 / float(row["rate"]), loader.epoch)
        return
    used = [r["currency"] for r in loader.folder["deals"] if r.get("currency")]
    if used:
        home = max(sorted(set(used)), key=used.count)
        loader.portal.set_account(companyCurrency=home, additionalCurrencies=sorted(set(used) - {home}))


def load_pipelines(loader: Loader) -> None:
    """Pipelines of the stages file, and of deals whose pipeline or stage no file describes."""
    at = iso(loader.epoch)
    stages: dict[str, list[Json]] = defaultdict(list)
    for row in loader.folder["stages"]:
        order = row.get("display_order")
        closed = bool(row.get("is_closed") or row.get("is_won"))
        likely = 1.0 if row.get("is_won") else 0.0 if closed else row.get("probability")
        stages[row["pipeline"]].append(
            stage(
                row["stage"], row.get("label") or row["stage"], len(stages[row["pipeline"]]) if order is None else int(order),
                0.5 if likely is None else min(1.0, float(likely)), closed, at,
            )
        )  # fmt: skip
    known = {s["id"] for listed in stages.values() for s in listed}
    plain = {id: (label, p) for id, label, p in DEFAULT_STAGES}
    seen: dict[str, dict[str, None]] = defaultdict(dict)
    where = {r["id"]: r.get("pipeline") or "default" for r in loader.folder["deals"]}
    for row in (
        *loader.folder["deal_stage_history"],
        *loader.folder["deal_history"],
        *loader.folder["deals"],
    ):
        name = where[row["deal_id"] if "deal_id" in row else row["id"]]
        if row.get("stage"):
            seen[name].setdefault(row["stage"])
    for name, listed in seen.items():
        for id in listed:
            if id not in known:
                known.add(id)
                word = id.lower().replace("_", "").replace(" ", "")
                closed = word in ("won", "lost", "closedwon", "closedlost")
                label, likely = plain.get(id, (id, 0.5 if not closed else float(word.endswith("won"))))
                stages[name].append(stage(id, label, len(stages[name]), likely, closed, at))
    for n, (name, made) in enumerate(stages.items()):
        ordered = sorted(made, key=lambda s: int(s["displayOrder"]))
        loader.portal.put_pipeline(KINDS["deals"], pipeline(name, name, n, ordered, at))
    ensure_default(loader.portal)


def load_deals(loader: Loader) -> None:
    """Deals with the history of stage, amount and close date, and their links to contacts and companies."""
    kind, table = KINDS["deals"], loader.folder["deals"]
    named = loader.define(table, kind)
    if any(r.get("record_type") for r in table):
        types = sorted({r["record_type"] for r in table if r.get("record_type")})

        loader.property_for(kind, CustomField("record_type", "record_type", "enumeration", tuple(types)))
    loader.columns["deals"] = {**DEAL_COLUMNS, **loader.columns.get("deals", {})}
    staged: dict[str, list[Row]] = defaultdict(list)
    changed: dict[str, list[Row]] = defaultdict(list)
    for row in loader.folder["deal_stage_history"]:
        staged[row["deal_id"]].append(row)
    for row in loader.folder["deal_history"]:
        changed[row["deal_id"]].append(row)
    home = {s["id"]: p["id"] for p in loader.portal.pipelines(kind) for s in p["stages"]}
    drafts = {}
    for row in table:
        values = {**_values(loader, row, home), **loader.custom(row, named)}
        created = row.get("created_at")
        draft = Draft(kind, row["id"], loader.epoch if created is None else created, values)
        _history(loader, draft, row, staged[row["id"]], changed[row["id"]])
        derive(loader.portal, kind, draft.values, draft.created, loader.now)
        draft.modified = row.get("closed_at") or 0
        drafts[row["id"]] = draft
    loader.drafts["deals"] = drafts
    loader.save("deals", list(drafts.values()))
    _links(loader)


def _values(loader: Loader, row: Row, home: dict[str, str]) -> dict[str, str | None]:
    kind_word = (row.get("type") or "").lower().replace(" ", "").replace("_", "").replace("-", "")
    deal_type = _DEAL_TYPES.get(kind_word, row.get("type"))
    if deal_type:
        loader.options(KINDS["deals"], "dealtype", [deal_type])
    forecast = row.get("forecast_category")
    word = (forecast or "").lower().replace(" ", "").replace("_", "")
    close = row.get("close_date") if row.get("close_date") is not None else row.get("closed_at")
    return {
        "dealname": row.get("name"),
        "hubspot_owner_id": loader.owner(row),
        "pipeline": row.get("pipeline") or home.get(row.get("stage") or "", "default"),
        "dealstage": row.get("stage"),
        "dealtype": deal_type,
        "record_type": row.get("record_type"),
        "amount": number(row["amount"]) if row.get("amount") is not None else None,
        "deal_currency_code": row.get("currency") or loader.portal.account["companyCurrency"],
        "closedate": iso(close) if close is not None else None,
        "hs_manual_forecast_category": _FORECAST.get(word) if forecast else None,
    }


def _history(loader: Loader, draft: Draft, row: Row, staged: list[Row], changed: list[Row]) -> None:
    closed_at, current = row.get("closed_at"), draft.values["dealstage"]
    stages = [(r["entered_at"], r["stage"]) for r in staged]
    stages += [(r["changed_at"], r["stage"]) for r in changed if r.get("stage")]
    stages.sort(key=lambda e: e[0])
    listed = loader.portal.stages(KINDS["deals"])
    if not stages and closed_at is not None and current in listed:
        # The file says when it was closed: it was not so since its creation.
        mine = [s for s in listed.values() if s["metadata"]["isClosed"] == "false"]
        stages = [(draft.created, mine[0]["id"])] if mine else []
    if current and (not stages or stages[-1][1] != current):
        at = stages[-1][0] if stages else draft.created
        stages.append((max(at, closed_at if closed_at is not None else at), current))
    draft.since("dealstage", stages)
    amounts = [(r["changed_at"], number(r["amount"])) for r in changed if r.get("amount") is not None]
    if amounts:
        if draft.values["amount"] not in (None, amounts[-1][1]):
            amounts.append((max(a[0] for a in amounts), draft.values["amount"] or ""))
        draft.since("amount", amounts)
    dates = [(r["changed_at"], iso(r["close_date"])) for r in changed if r.get("close_date") is not None]
    close_date = draft.values["closedate"]
    if dates:
        if close_date is not None and max(dates)[1] != close_date:
            dates.append((max(max(dates)[0], closed_at or 0), close_date))
        draft.since("closedate", dates)
    elif close_date is not None and closed_at is not None:
        close = row.get("close_date")
        if close is None or close // DAY_MS == closed_at // DAY_MS:
            # Closing a deal sets the day; before that nobody knew it.
            draft.since("closedate", [(closed_at, close_date)])


def _links(loader: Loader) -> None:
    for row in loader.folder["deals"]:
        deal = loader.drafts["deals"][row["id"]]
        company = loader.draft("companies", row.get("company_id"))
        loader.link(deal, company, deal.created, (5, "Primary"))
        loader.link(deal, loader.draft("contacts", row.get("contact_id")), deal.created)
    for row in loader.folder["deal_contacts"]:
        deal, contact = loader.drafts["deals"][row["deal_id"]], loader.drafts["contacts"][row["contact_id"]]
        made = row.get("created_at") or max(deal.created, contact.created)
        loader.link(deal, contact, made)
        if row.get("role"):
            label = add_label(loader.portal, "deals", "contacts", row["role"])
            loader.links += pair(
                "deals",
                deal.id,
                "contacts",
                contact.id,
                "USER_DEFINED",
                label["typeId"],
                row["role"],
                row.get("created_at") or deal.created,
            )
    for row in loader.folder["leads"]:
        deal_ = loader.draft("deals", row.get("converted_deal_id"))
        if deal_ is not None:
            loader.link(deal_, loader.draft("leads", row["id"]), deal_.created)


def load_goods(loader: Loader) -> None:
    """Products, and the line items of deals: made when their deal was, where the folder does not say when."""
    kind, table = KINDS["products"], loader.folder["products"]
    named = loader.define(table, kind)
    products = {}
    for row in table:
        price = number(row["price"]) if row.get("price") is not None else None
        values = {"name": row.get("name"), "price": price, **loader.custom(row, named)}
        products[row["id"]] = Draft(kind, row["id"], loader.epoch, values)
    loader.drafts["products"] = products
    loader.save("products", list(products.values()))
    kind, table = KINDS["line_items"], loader.folder["line_items"]
    named = loader.define(table, kind)
    items = {}
    for row in table:
        deal, product = loader.drafts["deals"][row["deal_id"]], products.get(row.get("product_id") or "")
        made = row.get("created_at") or deal.created
        items[row["id"]] = Draft(kind, row["id"], made, {**_item(row, product), **loader.custom(row, named)})
    loader.drafts["line_items"] = items
    loader.save("line_items", list(items.values()))
    for row in table:
        deal = loader.drafts["deals"][row["deal_id"]]
        loader.link(deal, items[row["id"]], items[row["id"]].created)


def _item(row: Row, product: Draft | None) -> dict[str, str | None]:
    quantity, amount = row.get("quantity"), row.get("amount")
    count = 1.0 if quantity is None else float(quantity)
    price = product.values.get("price") if product else None
    if amount is not None:
        price = number(round(float(amount) / count, 6)) if count else price
    elif price is not None:
        amount = float(price) * count
    return {
        "name": product.values.get("name") if product else None,
        "hs_product_id": product.id if product else None,
        "quantity": number(count),
        "price": price,
        "amount": number(amount) if amount is not None else None,
    }
