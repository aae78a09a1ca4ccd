"""Orders out of the shop's invoice lines: what was bought, and what was called off."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Line:
    """A line of an order; `amount` in pounds."""

    code: str
    description: str
    quantity: int
    price: Decimal
    amount: Decimal

    @property
    def is_product(self) -> bool:
        """Whether it is merchandise: postage, bank charges and manual entries have codes without a number."""
        return self.code[:5].isdigit()


@dataclass(frozen=True)
class Order:
    """An invoice of a customer; `at` in seconds since 1970, `amount` the sum of all its lines."""

    invoice: str
    customer: int
    country: str
    at: int
    lines: tuple[Line, ...]

    @property
    def amount(self) -> Decimal:
        """What the customer paid, in pounds, postage and charges with it."""
        return sum((line.amount for line in self.lines), Decimal(0))


@dataclass(frozen=True)
class Book:
    """The orders by time, and what was counted out on the way."""

    orders: list[Order]
    left_out: dict[str, int]


def orders(rows: list[dict[str, Any]]) -> Book:
    """The orders of the invoice lines.

    Exact duplicates of a line count once, lines without a price or a quantity above nought are no sale. Cancellations
    (invoices that begin with C) name no order: where one takes back all that an earlier order of the customer held, that
    order is left out too; part of an order taken back changes nothing, because it cannot be told of which order.
    """
    by_invoice: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_invoice[row["invoice"]].append(row)
    sales: list[list[dict[str, Any]]] = []
    cancellations: list[list[dict[str, Any]]] = []
    for lines in by_invoice.values():
        (cancellations if lines[0]["invoice"].startswith("C") else sales).append(lines)
    cancelled = _cancelled(sales, cancellations)
    good_orders, duplicates, worthless = [], 0, 0
    for lines in sales:
        unique = list({tuple(sorted(line.items())): line for line in lines}.values())
        good = [line for line in unique if line["quantity"] > 0 and line["unit_price"] > 0]
        duplicates, worthless = duplicates + len(lines) - len(unique), worthless + len(unique) - len(good)
        if good and lines[0]["invoice"] not in cancelled:
            good_orders.append(_order(good))
    return Book(
        sorted(good_orders, key=lambda order: (order.at, order.invoice)),
        {
            "cancellations_left_out": len(cancellations),
            "cancelled_orders_left_out": len(cancelled),
            "duplicate_lines_left_out": duplicates,
            "lines_without_price_left_out": worthless,
        },
    )


def _order(lines: list[dict[str, Any]]) -> Order:
    first = lines[0]
    return Order(
        invoice=first["invoice"],
        customer=first["customer_id"],
        country=first["country"],
        at=min(line["invoice_ms"] for line in lines) // 1000,
        lines=tuple(
            Line(
                code=line["stock_code"],
                description=line["description"],
                quantity=line["quantity"],
                price=(price := Decimal(str(line["unit_price"]))),
                amount=(price * line["quantity"]).quantize(CENT),
            )
            for line in lines
        ),
    )


def _cancelled(sales: list[list[dict[str, Any]]], cancellations: list[list[dict[str, Any]]]) -> set[str]:
    """The invoices of orders that a later cancellation takes back whole, the latest one where several match."""
    standing: dict[tuple[int, frozenset[tuple[tuple[str, int], int]]], list[tuple[int, str]]] = defaultdict(
        list
    )
    for lines in sales:
        held = Counter((line["stock_code"], line["quantity"]) for line in lines)
        standing[lines[0]["customer_id"], frozenset(held.items())].append(
            (lines[0]["invoice_ms"], lines[0]["invoice"])
        )
    invoices = set()
    for lines in sorted(cancellations, key=lambda lines: (lines[0]["invoice_ms"], lines[0]["invoice"])):
        taken = Counter((line["stock_code"], -line["quantity"]) for line in lines)
        earlier = [
            order
            for order in standing[lines[0]["customer_id"], frozenset(taken.items())]
            if order[0] <= lines[0]["invoice_ms"] and order[1] not in invoices
        ]
        if earlier:
            invoices.add(max(earlier)[1])
    return invoices
