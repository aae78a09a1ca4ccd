"""Recommended products on companies: written once, quiet at night, exchanged when bought, emptied when there is none."""

from pathlib import Path

import pytest
from support.product_world import shop, sold
from support.worlds import DAY, NOW, World

from sales_consultant.config import playbook
from sales_consultant.config.fields.catalogue import FIELDS
from sales_consultant.config.records import RecordRef
from sales_consultant.config.settings import Settings
from sales_consultant.scoring.products import NONE, ProductModel
from sales_consultant.sync.models import registry, training
from sales_consultant.sync.plan import desired_values
from sales_consultant.sync.plan.plan import CurrentValues, Limits, Values, make
from sales_consultant.sync.plan.steps import Steps
from sales_consultant.sync.stores.state import State

PRODUCT, WHY = "recommended_product", "recommended_product_why"
OURS = tuple(f for f in FIELDS if f.key in (PRODUCT, WHY))


class Nights:
    """A company whose recommended products are trained once and written night after night."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder, self.state = world, folder, State(None)
        self.values: dict[RecordRef, Values] = {
            RecordRef(obj, str(r["id"])): {} for obj in ("companies", "deals") for r in world.rows[obj]
        }

    def train(self, as_of: int = NOW) -> list[training.TrainedModel]:
        """Train what is recommended."""
        with self.world.connection() as engine:
            return training.train(
                engine, self.state, self.folder, Settings(), as_of=as_of, now=as_of, say=lambda _: None,
                only=[registry.PRODUCTS],
            )  # fmt: skip

    def night(self, as_of: int) -> dict[str, dict[str, str | None]]:
        """What a night writes, by company and field; the CRM takes it."""
        shown = {f: {k: str(v[f]) for k, v in self.values.items() if v.get(f)} for f in desired_values.KEPT}
        with self.world.connection() as engine:
            wanted = desired_values.build(
                engine, Settings(), registry.in_force(self.state, self.folder, Settings()),
                Steps(Settings(), playbook.load(None)),
                as_of=as_of, shown=shown, keys=self.values,
            )  # fmt: skip
        fields = {"companies": OURS, "deals": OURS}
        plan = make(wanted, CurrentValues(self.values, {}), fields, Limits(), identity="test")
        written = {}
        for e in plan.entries:
            key = RecordRef(e.object, e.record_id)
            self.values[key] |= {k: new for k, _, new in e.fields}
            written[e.record_id] = {k: new for k, _, new in e.fields}
        return written

    def opened(self, company: str | None, *products: str, **more: object) -> str:
        """An open deal of a company, made yesterday, with a line for each product; its id."""
        deal = f"open{len(self.world.rows['deals'])}"
        row = {"id": deal, "name": deal, "company_id": company, "created_at": NOW - DAY, "amount": 10}
        self.world.add("deals", **row | {"is_closed": False, "is_won": False} | more)
        for product in products:
            line = {"id": f"{deal}-{product}", "deal_id": deal, "product_id": product, "known_at": NOW - DAY}
            self.world.add("line_items", **line, quantity=1, amount=10)
        self.values[RecordRef("deals", deal)] = {}
        return deal

    def change(self, deal: str, **values: object) -> None:
        """Change a deal of the world."""
        next(r for r in self.world.rows["deals"] if r["id"] == deal).update(values)


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    made = Nights(shop(), tmp_path)
    made.train()
    return made


@pytest.mark.slow
def test_ten_nights_without_a_purchase_write_nothing_more(nights: Nights) -> None:
    first = nights.night(NOW)
    assert first["new3"] == {
        PRODUCT: "Hose 3",
        WHY: 'Bought by 24 of 24 customers that bought "Pump 3", within 3 months of it',
    }
    assert [nights.night(NOW + n * DAY) for n in range(1, 11)] == [{}] * 10
    nights.train(NOW + 11 * DAY)
    assert nights.night(NOW + 11 * DAY) == {}


def test_a_reason_with_other_counts_is_no_reason_to_write(nights: Nights) -> None:
    nights.night(NOW)
    nights.values[RecordRef("companies", "new3")][WHY] = "Bought by 20 of 24 customers"
    assert nights.night(NOW + DAY) == {}


def test_what_was_bought_makes_room_for_the_next(nights: Nights) -> None:
    for i in range(12):
        sold(nights.world, f"c{10 * i + 3}", "oil", 200)
    nights.train()
    assert nights.night(NOW)["new3"][PRODUCT] == "Hose 3"
    sold(nights.world, "new3", "hose3", 0)
    assert nights.night(NOW + DAY)["new3"][PRODUCT] == "Oil"
    sold(nights.world, "new3", "oil", -1)
    assert nights.night(NOW + 2 * DAY)["new3"] == {PRODUCT: None, WHY: None}


def test_a_training_without_line_items_leaves_the_model_in_force(nights: Nights) -> None:
    before = registry.load_latest(nights.state, nights.folder, registry.PRODUCTS, ProductModel)
    nights.world.rows["line_items"] = []
    done = next(t for t in nights.train(NOW + DAY) if t.name == registry.PRODUCTS)
    assert not done.published and done.verdict == registry.TOO_LITTLE and done.report["method"] == NONE
    assert registry.load_latest(nights.state, nights.folder, registry.PRODUCTS, ProductModel) == before


def test_a_crm_without_line_items_gets_no_model_in_force(tmp_path: Path) -> None:
    made = Nights(shop(), tmp_path)
    made.world.rows["line_items"] = []
    done = next(t for t in made.train() if t.name == registry.PRODUCTS)
    assert not done.published and "no line item of a won deal names a product" in done.why
    # It was trained all the same: the next night does not ask for it again.
    assert registry.PRODUCTS not in registry.training_needed(
        made.state, tmp_path, Settings(), as_of=NOW + 9 * DAY
    )


def test_without_a_model_nothing_is_said(tmp_path: Path) -> None:
    made = Nights(shop(), tmp_path)
    made.values[RecordRef("companies", "new3")] = {PRODUCT: "Hose 3"}
    assert made.night(NOW) == {}


def test_an_open_deal_is_offered_what_its_company_is_less_what_is_in_it(nights: Nights) -> None:
    for i in range(12):
        sold(nights.world, f"c{10 * i + 3}", "oil", 200)
    nights.train()
    plain, with_hose, full = (nights.opened("new3", *p) for p in ((), ("hose3",), ("hose3", "oil")))
    first = nights.night(NOW)
    assert first["new3"] == first[plain]
    assert first[plain] == {
        PRODUCT: "Hose 3",
        WHY: 'Bought by 24 of 24 customers that bought "Pump 3", within 3 months of it',
    }
    assert first[with_hose][PRODUCT] == "Oil" and "Pump 3" in str(first[with_hose][WHY])
    assert full not in first
    assert [nights.night(NOW + n * DAY) for n in range(1, 6)] == [{}] * 5


def test_what_a_deal_takes_up_makes_room_for_the_next_or_for_none(nights: Nights) -> None:
    deal = nights.opened("new3")
    assert nights.night(NOW)[deal][PRODUCT] == "Hose 3"
    line = {
        "id": "taken",
        "deal_id": deal,
        "product_id": "hose3",
        "known_at": NOW,
        "quantity": 1,
        "amount": 10,
    }
    nights.world.add("line_items", **line)
    assert nights.night(NOW + DAY) == {deal: {PRODUCT: None, WHY: None}}


def test_a_deal_that_ends_is_offered_nothing_more(nights: Nights) -> None:
    deal = nights.opened("new3")
    nights.night(NOW)
    nights.change(deal, is_closed=True, closed_at=NOW)
    assert nights.night(NOW + DAY) == {deal: {PRODUCT: None, WHY: None}}


def test_a_deal_of_a_stage_that_nobody_knows_keeps_what_was_said(nights: Nights) -> None:
    deal = nights.opened("new3")
    nights.night(NOW)
    nights.change(deal, is_closed=None, is_won=None)
    assert nights.night(NOW + DAY) == {}


@pytest.mark.parametrize("company", [None, "", "fresh"])
def test_without_a_purchase_of_its_company_a_deal_is_offered_nothing(
    nights: Nights, company: str | None
) -> None:
    nights.world.add("companies", id="fresh", name="Fresh", created_at=NOW - DAY)
    deals = [nights.opened(company), nights.opened(company, "pump3")]
    assert not set(deals) & set(nights.night(NOW))
