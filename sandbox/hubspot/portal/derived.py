"""Values that HubSpot computes from others of the same record."""

from sales_consultant.sandbox.clock import DAY_MS, iso
from sales_consultant.sandbox.hubspot.portal.kinds import Kind
from sales_consultant.sandbox.hubspot.portal.portal import Portal
from sales_consultant.sandbox.hubspot.portal.values import to_ms


def number(value: float) -> str:
    """A number as HubSpot writes it: no trailing `.0`."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 2**53 else repr(float(value))


def derive(portal: Portal, kind: Kind, values: dict[str, str | None], created: int, now: int) -> None:
    """Set the computed values of a deal or a line item in place; `created` and `now` are milliseconds."""
    if kind.name == "deals":
        _deal(portal, kind, values, created, now)
    elif kind.name == "line_items" and values.get("price") is not None:
        quantity = float(values.get("quantity") or 1)
        values["amount"] = number(round(float(values["price"] or 0) * quantity, 6))


def _deal(portal: Portal, kind: Kind, values: dict[str, str | None], created: int, now: int) -> None:
    pipelines = portal.pipelines(kind)
    stage_id = values.get("dealstage")
    if values.get("pipeline") is None:
        owner = next((p for p in pipelines if any(s["id"] == stage_id for s in p["stages"])), None)
        if stage_id is not None or pipelines:
            values["pipeline"] = (owner or pipelines[0])["id"] if pipelines else None
    stage = portal.stages(kind).get(stage_id or "")
    if stage is None:
        return
    probability = stage["metadata"]["probability"]
    closed = stage["metadata"]["isClosed"] == "true"
    won = closed and float(probability) == 1.0
    was_closed = values.get("hs_is_closed") == "true"
    values["hs_deal_stage_probability"] = probability
    values["hs_is_closed"] = "true" if closed else "false"
    values["hs_is_closed_won"] = "true" if won else "false"
    values["hs_is_closed_lost"] = "true" if closed and not won else "false"
    if closed and not was_closed and values.get("closedate") is None:
        values["closedate"] = iso(now)
    close = values.get("closedate")
    values["days_to_close"] = str(max(0, (to_ms(close) - created) // DAY_MS)) if closed and close else None
