"""The shop's orders against the invoice lines, and what is counted out."""

from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from sales_consultant.demo.company.world import DemoError, World
from sales_consultant.demo.shop import shop
from sales_consultant.demo.shop.orders import orders
from sales_consultant.demo.shop.sample import sample
from sales_consultant.sandbox.data_folder.tables import load_folder


def line(
    invoice: str, code: str, quantity: int, *, price: float = 2.5, customer: int = 1, day: int = 0
) -> dict[str, Any]:
    return {
        "invoice": invoice,
        "stock_code": code,
        "description": f"THING {code}",
        "quantity": quantity,
        "invoice_ms": (1_300_000_000 + day * 86_400) * 1000,
        "unit_price": price,
        "customer_id": customer,
        "country": "France",
    }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    root = tmp_path_factory.mktemp("shop")
    return shop.build(root / "data", cache=root / "cache")


def rows_of(world: World, table: str) -> list[dict[str, Any]]:
    return list(pq.read_table(world.folder / f"{table}.parquet").to_pylist())


def test_an_order_is_the_sum_of_its_lines_with_duplicates_once() -> None:
    book = orders([line("1", "10001", 3), line("1", "10001", 3), line("1", "POST", 1, price=18.0)])
    assert [(order.invoice, order.amount) for order in book.orders] == [("1", Decimal("25.50"))]
    assert [item.code for item in book.orders[0].lines if item.is_product] == ["10001"]
    assert book.left_out["duplicate_lines_left_out"] == 1


def test_lines_without_price_or_quantity_are_no_sale() -> None:
    book = orders([line("1", "10001", 3, price=0.0), line("2", "10001", -1), line("3", "10001", 1)])
    assert [order.invoice for order in book.orders] == ["3"]
    assert book.left_out["lines_without_price_left_out"] == 2


def test_an_order_taken_back_whole_is_left_out_and_a_part_is_not() -> None:
    whole = [
        line("1", "10001", 3),
        line("1", "10002", 1),
        line("C9", "10001", -3, day=2),
        line("C9", "10002", -1, day=2),
    ]
    assert orders(whole).orders == []
    assert orders(whole).left_out["cancelled_orders_left_out"] == 1
    part = whole[:3]
    assert [order.amount for order in orders(part).orders] == [Decimal("10.00")]
    assert orders(part).left_out["cancellations_left_out"] == 1


def test_a_cancellation_takes_back_one_earlier_order_of_its_customer() -> None:
    rows = [
        line("1", "10001", 3, day=0),
        line("2", "10001", 3, day=1),
        line("C3", "10001", -3, day=2),
        line("4", "10001", 3, day=3),
        line("5", "10001", 3, customer=2, day=1),
    ]
    assert [order.invoice for order in orders(rows).orders] == ["1", "5", "4"]


def test_the_sandbox_reads_the_folder_without_leniency(world: World) -> None:
    folder = load_folder(world.folder)
    tables = {name: count for name, count in world.counts.items() if not name.endswith("left_out")}
    assert {name: len(folder[name]) for name in tables} == tables
    assert tables["companies"] == tables["contacts"] == 697
    assert tables["deals"] == 2974
    assert 10_000 < tables["line_items"] <= 15_000


def test_amounts_are_those_of_the_invoices(world: World) -> None:
    expected: dict[str, Decimal] = defaultdict(Decimal)
    seen = set()
    for row in pq.read_table(shop.SAMPLE).to_pylist():
        key = tuple(row.values())
        if row["quantity"] > 0 and row["unit_price"] > 0 and key not in seen:
            seen.add(key)
            expected[row["invoice"]] += (Decimal(str(row["unit_price"])) * row["quantity"]).quantize(
                Decimal("0.01")
            )
    deals = rows_of(world, "deals")
    assert all(deal["amount"] == float(expected[deal["id"]]) for deal in deals)
    assert len(expected) - len(deals) == world.counts["cancelled_orders_left_out"] == 20
    assert not any(deal["id"].startswith("C") for deal in deals)
    assert all(deal["created_at"] == deal["closed_at"] and deal["stage"] == "closed_won" for deal in deals)


def test_line_items_are_the_largest_lines_of_their_order(world: World) -> None:
    amounts = {deal["id"]: deal["amount"] for deal in rows_of(world, "deals")}
    products = {product["id"] for product in rows_of(world, "products")}
    by_deal: dict[str, list[float]] = defaultdict(list)
    for item in rows_of(world, "line_items"):
        assert item["product_id"] in products
        by_deal[item["deal_id"]].append(item["amount"])
    assert all(found == sorted(found, reverse=True) for found in by_deal.values())
    assert max(map(len, by_deal.values())) == shop.LINES_AN_ORDER
    assert all(sum(found) <= amounts[id] + 0.005 for id, found in by_deal.items())
    assert products.isdisjoint({"POST", "M", "BANK CHARGES", "C2", "D"})


def test_the_clock_is_the_morning_after_the_last_order(world: World) -> None:
    assert world.clock_iso == "2011-12-10T07:00:00Z"
    assert max(deal["closed_at"] for deal in rows_of(world, "deals"))[:10] == "2011-12-09"


def test_a_second_build_is_the_same_and_needs_an_empty_folder(world: World, tmp_path: Path) -> None:
    again = shop.build(tmp_path / "data", cache=tmp_path / "cache")
    for path in sorted(again.folder.iterdir()):
        assert path.read_bytes() == (world.folder / path.name).read_bytes()
    with pytest.raises(DemoError, match="is not empty"):
        shop.build(again.folder, cache=tmp_path / "cache")


def test_the_origin_is_named_with_the_data(world: World) -> None:
    text = (shop.SAMPLE.parent / "ATTRIBUTION.md").read_text(encoding="utf-8")
    for words in ("10.24432/C5BW33", "UCI Machine Learning Repository"):
        assert words in text and words in world.notice
    assert shop.SAMPLE.stat().st_size < 600_000


def test_the_sample_keeps_all_lines_of_whole_customers() -> None:
    rows = [
        {
            "InvoiceNo": str(number),
            "StockCode": "10001 ",
            "Description": " TWO  SPACES" if number % 2 else None,
            "Quantity": 1,
            "InvoiceDate": "2010-12-01 08:26:00",
            "UnitPrice": 1.25,
            "CustomerID": None if number % 7 == 0 else float(number % 5),
            "Country": "France",
        }
        for number in range(100)
    ]
    kept = sample(rows, customers=2)
    chosen = {row["customer_id"] for row in kept}
    assert len(chosen) == 2
    assert len(kept) == sum(1 for row in rows if row["CustomerID"] in chosen)
    assert {row["description"] for row in kept} == {"TWO SPACES", ""}
    assert {row["invoice_ms"] for row in kept} == {1_291_191_960_000}
