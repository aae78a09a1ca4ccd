"""The currencies of an account: its own, and the dated rates of others (settings/currencies)."""

from typing import Any

from sales_consultant.sandbox.clock import iso, parse_iso
from sales_consultant.sandbox.hubspot.api import Call, Result
from sales_consultant.sandbox.hubspot.portal import VENDOR, Portal, bad, missing

Json = dict[str, Any]


def rates(portal: Portal) -> list[Json]:
    """All rates that were ever set, in the order in which they were."""
    return sorted(portal.store.documents(VENDOR, "rate", "").values(), key=lambda r: int(r["id"]))


def put_rate(portal: Portal, code: str, rate: float, at: int) -> Json:
    """A rate from a moment on: what one unit of a currency is worth in the company's."""
    number = portal.store.next_seq(VENDOR, "rates", start=1)
    made = {
        "id": str(number), "fromCurrencyCode": code, "toCurrencyCode": portal.account["companyCurrency"],
        "conversionRate": round(rate, 6), "effectiveAt": iso(at), "visibleInUI": True,
        "createdAt": iso(portal.clock.now_ms()), "updatedAt": iso(portal.clock.now_ms()),
    }  # fmt: skip
    portal.store.put(VENDOR, "rate", "", made["id"], made)
    others = portal.account["additionalCurrencies"]
    if code not in others:
        portal.set_account(additionalCurrencies=[*others, code])
    return made


def company(call: Call) -> Result:
    """GET the company's own currency."""
    at = iso(call.portal.clock.now_ms())
    return 200, {"currencyCode": call.portal.account["companyCurrency"], "createdAt": at, "updatedAt": at}


def list_page(call: Call) -> Result:
    """GET all rates, past ones too, of one currency where it is named."""
    limit = call.whole("limit", 100, 100)
    after, code = call.text("after", "0"), call.text("fromCurrencyCode").upper()
    if not after.isdigit():
        raise bad(f"Invalid value for after: {after}")
    found = [r for r in rates(call.portal) if not code or r["fromCurrencyCode"] == code]
    shown = [r for r in found if int(r["id"]) > int(after)]
    body: Json = {"results": shown[:limit]}
    if len(shown) > limit:
        place = shown[limit - 1]["id"]
        body["paging"] = {"next": {"after": place, "link": call.link(place)}}
    return 200, body


def current(call: Call) -> Result:
    """GET the rates that are in force."""
    now = call.portal.clock.now_ms()
    latest: dict[str, Json] = {}
    for rate in sorted(rates(call.portal), key=lambda r: str(r["effectiveAt"])):
        if parse_iso(rate["effectiveAt"]) <= now:
            latest[rate["fromCurrencyCode"]] = rate
    return 200, {"results": list(latest.values())}


def get(call: Call) -> Result:
    """GET one rate."""
    found = call.portal.store.documents(VENDOR, "rate", "").get(call.param("id"))
    if found is None:
        raise missing(f"exchange rate {call.param('id')} does not exist")
    return 200, found


def create(call: Call) -> Result:
    """POST a rate; without a moment it holds from now on."""
    body = call.dict()
    code, rate = str(body.get("fromCurrencyCode") or ""), body.get("conversionRate")
    if len(code) != 3 or not code.isupper():
        raise bad(f"Invalid fromCurrencyCode: {code}")
    if not isinstance(rate, int | float) or rate <= 0:
        raise bad("conversionRate must be greater than 0")
    if code == call.portal.account["companyCurrency"]:
        raise bad(f"{code} is the company currency")
    at = body.get("effectiveAt")
    return 200, put_rate(
        call.portal, code, float(rate), parse_iso(str(at)) if at else call.portal.clock.now_ms()
    )
