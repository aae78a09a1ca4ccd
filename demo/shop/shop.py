"""The shop demo company: a sample of real orders of a British gift wholesaler, under invented customer names.

An order is a won deal, its largest lines are line items; a customer is a company with one contact.
"""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from sales_consultant.demo.company import (
    LINE_ITEMS,
    PRODUCTS,
    Columns,
    Made,
    Progress,
    Row,
    World,
    cached,
    iso,
    key_of,
    names,
    stage_rows,
    write_csv,
    write_parquet,
)
from sales_consultant.demo.saas import STAGES
from sales_consultant.demo.shop.orders import Order, orders

SAMPLE = Path(__file__).parents[1] / "data" / "online_retail_sample.parquet"
NOTICE = (
    "Orders: a sample of Online Retail by Daqing Chen, UCI Machine Learning Repository, doi.org/10.24432/C5BW33, "
    "CC BY 4.0, changed: 700 customers, cancellations left out, the five largest lines of each order. "
    "Names are invented."
)
LINES_AN_ORDER = 5
"""Line items kept of an order, the largest by amount: an order's amount is the sum of all its lines all the same."""

PIPELINE = "orders"
OWN_DOMAIN = "harbour-lane-gifts.example"
REPS = ("rep_1", "rep_2", "rep_3", "rep_4")

COMPANIES: Columns = {
    "id": "text",
    "name": "text",
    "domain": "text",
    "created_at": "text",
    "owner_id": "text",
    "country": "text",
}
CONTACTS: Columns = {
    "id": "text",
    "email": "text",
    "first_name": "text",
    "last_name": "text",
    "company_id": "text",
    "owner_id": "text",
    "lifecycle_stage": "text",
    "created_at": "text",
}
DEALS: Columns = {
    "id": "text",
    "name": "text",
    "company_id": "text",
    "contact_id": "text",
    "owner_id": "text",
    "pipeline": "text",
    "stage": "text",
    "amount": "number",
    "currency": "text",
    "close_date": "text",
    "created_at": "text",
    "closed_at": "text",
}
HISTORY: Columns = {"deal_id": "text", "stage": "text", "entered_at": "text"}
_STAGES = (("placed", "Placed", "0.9"), ("closed_won", "Delivered", "1"), ("closed_lost", "Cancelled", "0"))


# What a company is made of: where one of these changes, the cache holds another company.
_SOURCES = ("saas/deals", "company/names", "shop/orders", "company/tables", "company/words")


def build(folder: Path, *, cache: Path, progress: Progress | None = None) -> World:
    """Write the shop's tables into an empty folder, from the sample that comes with the package.

    Raises:
        DemoError: the folder is not empty.
    """
    here = Path(__file__)
    sources = (
        here,
        *(here.parents[1] / f"{name}.py" for name in _SOURCES),
        SAMPLE,
    )

    def make(into: Path) -> Made:
        if progress:
            progress("writing the tables", 0.0)
        made = stage(orders_of(SAMPLE), into)
        if progress:
            progress("the company is ready", 1.0)
        return made

    return cached(folder, cache=cache, key=key_of("shop", sources=sources), make=make)


def orders_of(sample: Path) -> tuple[list[Order], dict[str, int]]:
    """The sample's orders by time, and what was counted out."""
    book = orders(pq.read_table(sample).to_pylist())
    return book.orders, book.left_out


def stage(found: tuple[list[Order], dict[str, int]], into: Path) -> Made:
    """Write the orders as a CRM holds them; the clock is the morning after the last one."""
    sales, left_out = found
    last = datetime.fromtimestamp(max(order.at for order in sales), UTC)
    morning = last.replace(hour=7, minute=0, second=0) + timedelta(days=1)
    by_customer: dict[int, list[Order]] = defaultdict(list)
    for order in sales:
        by_customer[order.customer].append(order)
    customers = {id: by_customer[id] for id in sorted(by_customer)}
    companies, contacts = _customer_rows(customers)
    counts = {
        "companies": write_parquet(into, "companies", COMPANIES, companies),
        "contacts": write_parquet(into, "contacts", CONTACTS, contacts),
        "deals": write_parquet(into, "deals", DEALS, _deal_rows(sales)),
        "deal_stage_history": write_parquet(
            into,
            "deal_stage_history",
            HISTORY,
            [
                {"deal_id": order.invoice, "stage": "closed_won", "entered_at": iso(order.at)}
                for order in sales
            ],
        ),
        "products": write_parquet(into, "products", PRODUCTS, _product_rows(sales)),
        "line_items": write_parquet(into, "line_items", LINE_ITEMS, _line_rows(sales)),
        "stages": write_csv(into, "stages", STAGES, stage_rows(PIPELINE, _STAGES)),
        "owners": write_csv(into, "owners", ("id", "email", "first_name", "last_name"), _owner_rows()),
        "currencies": write_csv(into, "currencies", ("code", "rate"), [{"code": "GBP", "rate": 1}]),
    }
    return Made(iso(int(morning.timestamp())), NOTICE, {**counts, **left_out})


def _owner(customer: int) -> str:
    return REPS[names.number("owner", str(customer)) % len(REPS)]


def _customer_rows(customers: dict[int, list[Order]]) -> tuple[list[Row], list[Row]]:
    called = names.companies((str(id), "") for id in customers)
    addresses = names.addresses((str(id), called[str(id)].domain) for id in customers)
    companies: list[Row] = []
    contacts: list[Row] = []
    for id, bought in customers.items():
        since, company = iso(bought[0].at), called[str(id)]
        companies.append(
            {
                "id": f"customer_{id}",
                "name": company.name,
                "domain": company.domain,
                "created_at": since,
                "owner_id": _owner(id),
                "country": bought[0].country,
            }
        )
        person = names.person(str(id))
        contacts.append(
            {
                "id": f"contact_{id}",
                "email": addresses[str(id)],
                "first_name": person.first,
                "last_name": person.last,
                "company_id": f"customer_{id}",
                "owner_id": _owner(id),
                "lifecycle_stage": "customer",
                "created_at": since,
            }
        )
    return companies, contacts


def _deal_rows(sales: list[Order]) -> list[Row]:
    return [
        {
            "id": order.invoice,
            "name": f"Order {order.invoice}",
            "company_id": f"customer_{order.customer}",
            "contact_id": f"contact_{order.customer}",
            "owner_id": _owner(order.customer),
            "pipeline": PIPELINE,
            "stage": "closed_won",
            "amount": float(order.amount),
            "currency": "GBP",
            "close_date": iso(order.at)[:10],
            "created_at": iso(order.at),
            "closed_at": iso(order.at),
        }
        for order in sales
    ]


def _product_rows(sales: list[Order]) -> list[Row]:
    """Every product sold, under its most frequent description (codes have several) and at its latest price."""
    called: dict[str, Counter[str]] = defaultdict(Counter)
    price: dict[str, float] = {}
    for order in sales:
        for line in order.lines:
            if line.is_product:
                called[line.code][line.description] += 1
                price[line.code] = float(line.price)
    return [
        {
            "id": code,
            "name": min(called[code], key=lambda text: (-called[code][text], text)),
            "price": price[code],
        }
        for code in sorted(called)
    ]


def _line_rows(sales: list[Order]) -> list[Row]:
    rows: list[Row] = []
    for order in sales:
        goods = [line for line in order.lines if line.is_product]
        goods.sort(key=lambda line: (-line.amount, line.code, line.quantity))
        rows += [
            {
                "id": f"{order.invoice}-{number}",
                "deal_id": order.invoice,
                "product_id": line.code,
                "quantity": line.quantity,
                "amount": float(line.amount),
            }
            for number, line in enumerate(goods[:LINES_AN_ORDER], start=1)
        ]
    return rows


def _owner_rows() -> list[Row]:
    addresses = names.addresses((rep, OWN_DOMAIN) for rep in REPS)
    return [
        {
            "id": rep,
            "email": addresses[rep],
            "first_name": names.person(rep).first,
            "last_name": names.person(rep).last,
        }
        for rep in REPS
    ]
