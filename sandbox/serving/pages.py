"""The web pages: a list of records sorted by score, and each record as a rep sees it."""

from collections.abc import Mapping
from itertools import groupby

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from sales_consultant.sandbox.cards import Card, Value, role
from sales_consultant.sandbox.clock import iso
from sales_consultant.sandbox.templating import page
from sales_consultant.sandbox.world import Side, World

# Shown on their own, so not again among the other values.
HEADLINE = (
    "score",
    "grade",
    "trend",
    "top_reason",
    "reasons",
    "next_step",
    "next_step_due",
    "next_step_reason",
    "recommended_product",
    "recommended_product_why",
)
NAMES = {"hubspot": "HubSpot", "salesforce": "Salesforce"}
# Nothing from elsewhere is loaded and nothing runs: CRM text may hold any markup.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def render_card(card: Card, *, notice: str = "", at: str = "") -> str:
    """The page of a record as HTML; `at` is the sandbox's time."""
    ours = {role(v.name): v for v in card.ours}
    rest = [v for v in card.ours if role(v.name) not in HEADLINE and v.text and not v.hidden]
    kept_out = [v for v in (*card.ours, *card.fields) if v.hidden and v.text]
    reasons = [line for line in _text(ours, "reasons").splitlines() if line.strip()]
    if not reasons and _text(ours, "top_reason"):
        reasons = [_text(ours, "top_reason")]
    shown = {name: _text(ours, name) for name in HEADLINE}
    return page(
        "record.html",
        card=card,
        ours=shown,
        reasons=reasons,
        rest=rest,
        kept_out=kept_out,
        scored=any(v.text for v in card.ours),
        crm=NAMES.get(card.vendor, card.vendor),
        notice=notice,
        at=at,
    )


def _text(ours: Mapping[str, Value], name: str) -> str:
    return ours[name].text if name in ours else ""


def routes(world: World, sides: Mapping[str, Side]) -> list[Route]:
    """GET / and GET /records/{vendor}/{object}/{id}."""

    def html(text: str, status: int = 200) -> Response:
        return HTMLResponse(text, status, headers={"Content-Security-Policy": _POLICY})

    def now() -> str:
        return iso(world.clock.now_ms())[:16].replace("T", " ")

    async def index(request: Request) -> Response:
        lines = [line for side in sides.values() for line in side.cards(world)]
        tables = [
            (NAMES.get(vendor, vendor), object, list(group))
            for (vendor, object), group in groupby(lines, key=lambda line: (line.vendor, line.object))
        ]
        return html(page("list.html", tables=tables, notice=world.notice, at=now(), crm="CRM"))

    async def record(request: Request) -> Response:
        vendor, object, id = (request.path_params[n] for n in ("vendor", "object", "id"))
        side = sides.get(vendor)
        card = side.card(world, object, id) if side else None
        if card is None:
            return html(page("missing.html", id=id, notice=world.notice, at=now(), crm="CRM"), 404)
        return html(render_card(card, notice=world.notice, at=now()))

    return [
        Route("/", index, methods=["GET"]),
        Route("/records/{vendor}/{object}/{id}", record, methods=["GET"]),
    ]
