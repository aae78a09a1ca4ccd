"""A change of the language reaches every text of ours, however late, and nights are quiet again afterwards."""

from collections.abc import Collection

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from sales_consultant.config.fields.catalogue import fields
from sales_consultant.config.language.translation import Language
from sales_consultant.config.records import RecordRef
from sales_consultant.sync.plan.desired_values import Desired, Record
from sales_consultant.sync.plan.plan import CurrentValues, Limits, Values, make
from sales_consultant.sync.stores import State, texts_language, written

KEYS = [RecordRef("companies", str(n)) for n in range(4)]
FIELDS = fields("all", ["companies"])
SAID: dict[Language, str] = {"en": "bought by {n} of 54", "zh": "54家中有{n}家购买"}


class World:
    """Companies with a recommended product and its reason, whose count is another one each night."""

    def __init__(self) -> None:
        self.state, self.now, self.night_number = State(None), 1_000, 0
        self.values: dict[RecordRef, Values] = {k: {} for k in KEYS}

    def put(self, key: RecordRef, values: Values) -> None:
        """What the journal and the CRM do of a write."""
        self.values[key] |= values
        with self.state.begin() as c:
            for name, value in values.items():
                row = {"object": key.object, "record_id": key.record_id, "field": name}
                new = {"value": value, "at": self.now, "run_id": "r"}
                c.execute(
                    insert(written)
                    .values({**row, **new})
                    .on_conflict_do_update(index_elements=list(row), set_=new)
                )

    def night(
        self, language: Language, *, allowed: Collection[RecordRef] | None = None, dry: bool = False
    ) -> list[str]:
        """One run; the ids of the records that it writes."""
        self.now += 1_000
        self.night_number += 1
        wanted = Desired(self.now, language=language)
        for key in KEYS:
            why = SAID[language].format(n=10 + self.night_number)
            shown: Values = {"recommended_product": "Pumpe", "recommended_product_why": why}
            wanted.records[key] = Record(*key, shown)
        renew = texts_language.to_renew(self.state, language, self.values, wanted.records)
        limits = Limits(allowed=None if allowed is None else frozenset(allowed))
        plan = make(wanted, CurrentValues(self.values, {}, renew), FIELDS, limits, identity="x")
        for e in () if dry else plan.entries:
            self.put(RecordRef(e.object, e.record_id), {k: new for k, _, new in e.fields})
        return [e.record_id for e in plan.entries]

    def chinese(self) -> list[str]:
        """The ids of the records whose reason is in Chinese."""
        return [k.record_id for k, v in self.values.items() if "家购买" in str(v["recommended_product_why"])]


@pytest.fixture
def world() -> World:
    made = World()
    assert made.night("en") == ["0", "1", "2", "3"]
    assert made.night("en") == []
    return made


def test_every_text_is_written_once_and_then_nights_are_quiet(world: World) -> None:
    assert world.night("zh") == world.chinese() == ["0", "1", "2", "3"]
    assert [world.night("zh") for _ in range(3)] == [[], [], []]
    assert world.night("en") == ["0", "1", "2", "3"] and world.chinese() == []
    assert world.night("en") == []


def test_what_a_pilot_left_out_comes_when_it_is_let_in(world: World) -> None:
    assert world.night("zh", allowed=KEYS[:1]) == ["0"]
    assert [world.night("zh", allowed=KEYS[:1]) for _ in range(3)] == [[], [], []]
    assert world.night("zh") == ["1", "2", "3"]
    assert world.night("zh") == []


def test_what_was_never_written_in_the_other_language_stays_quiet(world: World) -> None:
    assert world.night("zh", dry=True) == ["0", "1", "2", "3"]
    assert world.night("en") == [], "a look in another language is no change"
    world.night("zh", allowed=KEYS[:1])
    assert world.night("en") == ["0"]


def test_a_script_is_no_language(world: World) -> None:
    world.put(KEYS[0], {"recommended_product_why": "bought by 水泵公司"})
    assert world.night("en") == []


def test_a_rollback_puts_texts_of_before_back(world: World) -> None:
    world.night("zh")
    world.now += 1_000
    texts_language.restored(world.state)
    world.put(KEYS[2], {"recommended_product_why": "bought by 11 of 54"})
    assert world.night("zh") == ["2"]
    assert world.night("zh") == []


def test_a_rollback_where_the_language_never_changed_is_no_news(world: World) -> None:
    texts_language.restored(world.state)
    world.now += 1_000
    world.put(KEYS[2], {"recommended_product_why": "bought by 11 of 54"})
    assert world.night("en") == []


@pytest.mark.parametrize(
    ("reasons", "writes"), [("Industry: 机械: +2\neverything else: +1", True), ("机械：+2", False)]
)
def test_texts_of_a_release_that_kept_no_language_are_looked_at_once(reasons: str, writes: bool) -> None:
    world = World()
    for key in KEYS:
        world.put(key, {"recommended_product": "Pumpe", "recommended_product_why": "bought by 3 of 54"})
    world.values[KEYS[0]]["reasons"] = reasons
    assert world.night("zh") == (["0", "1", "2", "3"] if writes else [])
    assert world.night("zh") == []


def test_only_scored_records_are_asked_for(world: World) -> None:
    world.night("zh", dry=True)
    assert texts_language.to_renew(world.state, "zh", world.values, []) == {}
    with world.state.begin() as c:
        c.execute(sa.delete(written))
    assert texts_language.to_renew(world.state, "zh", world.values, KEYS) == {}
