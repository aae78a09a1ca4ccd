"""Products, prices and line items of the saas company: invented, for the simulation has none.

The lines of a deal are drawn by hashes of the ids of its company and of itself, and by the place of the deal among those of
its company. Whether the deal is won, lost or open has no say in it, nor has any other deal's end: lines tell a model nothing
of the outcome. A company has one field of work; most of its deals take the next module of that field, so that what one company
bought says something of what the next one may want. The amounts of a deal's lines add up to the deal's amount to the cent.
"""

from collections import defaultdict
from dataclasses import dataclass
from math import ceil

from sales_consultant.demo.company import LINE_ITEMS, Columns, Row, iso, unit
from sales_consultant.demo.saas.story import Deal, Story

DATED_LINE_ITEMS: Columns = {**LINE_ITEMS, "created_at": "text"}


@dataclass(frozen=True)
class Product:
    """A product of the catalogue: `price` is the list price in US dollars of one user and year, or of one rollout."""

    id: str
    name: str
    price: int


BASE = Product("base_edition", "Base edition", 480)
# The modules of each field of work, in the order in which most companies take them.
FIELDS = (
    (
        Product("invoice_capture", "Invoice capture", 120),
        Product("approval_flows", "Approval flows", 96),
        Product("payment_runs", "Payment runs", 132),
        Product("expense_claims", "Expense claims", 84),
        Product("cash_forecast", "Cash forecast", 156),
    ),
    (
        Product("purchase_requests", "Purchase requests", 108),
        Product("supplier_portal", "Supplier portal", 144),
        Product("contract_archive", "Contract archive", 90),
        Product("tender_room", "Tender room", 168),
        Product("spend_analysis", "Spend analysis", 180),
    ),
    (
        Product("stock_levels", "Stock levels", 102),
        Product("goods_receipt", "Goods receipt", 78),
        Product("barcode_app", "Barcode app", 66),
        Product("reorder_planning", "Reorder planning", 150),
        Product("returns_desk", "Returns desk", 114),
    ),
    (
        Product("evidence_file", "Evidence file", 72),
        Product("policy_checks", "Policy checks", 126),
        Product("vendor_risk", "Vendor risk", 162),
        Product("access_review", "Access review", 138),
        Product("retention_rules", "Retention rules", 94),
    ),
)
SUPPORT = Product("support_plus", "Support plus", 60)
TRAINING = Product("training", "Training for users", 54)
ROLLOUT = Product("rollout", "Rollout services", 2400)
"""Sold once a deal: its line holds the cents that are left when the price of the others is rounded."""

MODULES = tuple(module for field in FIELDS for module in field)
CATALOGUE = (BASE, *MODULES, SUPPORT, TRAINING, ROLLOUT)

# Judgements: enough that a company's next module can be told from what others took, and not so much that it is certain.
_SECOND_MODULE = 0.35
_OWN_FIELD = 0.8
_SUPPORT = 0.15
_TRAINING = 0.1
_DISCOUNT = 0.2


def product_rows() -> list[Row]:
    """The catalogue."""
    return [{"id": p.id, "name": p.name, "price": float(p.price)} for p in CATALOGUE]


def line_rows(stories: list[Story]) -> list[Row]:
    """The line items of every deal, open ones too: made when the deal was."""
    of_company: dict[str, list[Deal]] = defaultdict(list)
    for story in stories:
        if story.deal:
            of_company[story.lead["account_id"]].append(story.deal)
    sold = {
        deal.id: products
        for company, deals in of_company.items()
        for deal, products in zip(_in_order(deals), _choices(company, _in_order(deals)), strict=True)
    }
    return [row for story in stories if story.deal for row in _lines(story.deal, sold[story.deal.id])]


def _in_order(deals: list[Deal]) -> list[Deal]:
    return sorted(deals, key=lambda deal: (deal.begun, deal.id))


def _choices(company: str, deals: list[Deal]) -> list[list[Product]]:
    """The products of a company's deals, in the order of the deals: modules that no earlier deal was about, for more users."""
    field = FIELDS[int(unit("field of work", company) * len(FIELDS))]
    had: set[str] = set()
    found = []
    for deal in deals:
        chosen = [BASE]
        for turn in range(1 + (unit("modules", deal.id) < _SECOND_MODULE)):
            chosen += _module(deal.id, str(turn), field, had)
            had |= {product.id for product in chosen}
        chosen += [SUPPORT] if unit("support", deal.id) < _SUPPORT else []
        chosen += [TRAINING] if unit("training", deal.id) < _TRAINING else []
        found.append(chosen)
    return found


def _module(deal_id: str, turn: str, field: tuple[Product, ...], had: set[str]) -> list[Product]:
    """The next module of the company's field, or any other one; none where it had them all."""
    following = [module for module in field if module.id not in had]
    if following and unit("own field", deal_id, turn) < _OWN_FIELD:
        return following[:1]
    others = [module for module in MODULES if module.id not in had]
    return [others[int(unit("other module", deal_id, turn) * len(others))]] if others else []


def _lines(deal: Deal, products: list[Product]) -> list[Row]:
    """The lines of a deal, that add up to its amount: as many users as it pays for at a discount of up to a fifth."""
    each = sum(product.price for product in products)
    # Small discounts are more common than large ones.
    meant = _DISCOUNT * unit("discount", deal.id) ** 2
    users = max(1, ceil((deal.amount / (1 - meant) - ROLLOUT.price) / each))
    share = deal.amount / (users * each + ROLLOUT.price)
    cents = [round(product.price * share * 100) for product in products]
    rest = deal.amount * 100 - users * sum(cents)
    bought = [*((product, users, users * price) for product, price in zip(products, cents, strict=True))]
    return [
        {
            "id": f"{deal.id}_{product.id}",
            "deal_id": deal.id,
            "product_id": product.id,
            "quantity": quantity,
            "amount": amount / 100,
            "created_at": iso(deal.begun),
        }
        for product, quantity, amount in (*bought, (ROLLOUT, 1, rest))
    ]
