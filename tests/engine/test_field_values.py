"""Our own history of fields without one: whatever changes between pulls, a value is known as the last pull before saw it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_consultant.config.neutral import NEUTRAL
from sales_consultant.engine import DuckEngine, erasure
from sales_consultant.engine.database import Database
from sales_consultant.engine.field_values import VIEWS, FieldValues
from sales_consultant.engine.merges import MergeMap
from sales_consultant.engine.views import statements
from sales_consultant.scoring.features import snapshots_of

DAY = 86_400_000
IDS, FIELDS = ("a", "b", "c"), ("industry", "c_size")
NOTHING = {"industry": None, "c_size": None}


class House:
    """Neutral companies that change, and the values kept of them."""

    def __init__(self) -> None:
        self.database = Database(None, threads=1)
        self.engine = DuckEngine(self.database.con)
        self.values = FieldValues(self.database)
        for statement in statements({**VIEWS}):
            self.database.con.execute(statement)
        kinds = NEUTRAL["companies"] | {"c_size": "DOUBLE"}
        columns = ", ".join(f"{c} {k}" for c, k in kinds.items())
        self.database.con.execute("DROP VIEW companies")
        self.database.con.execute(f"CREATE TABLE companies ({columns})")

    def put(self, record_id: str, at: int, **values: Any) -> None:
        """A company as the CRM shows it from `at` on."""
        con = self.database.con
        known = con.execute("SELECT created_at FROM companies WHERE id = ?", [record_id]).fetchall()
        con.execute("DELETE FROM companies WHERE id = ?", [record_id])
        row = {"id": record_id, "created_at": known[0][0] if known else at, "modified_at": at} | values
        marks = ", ".join("?" for _ in row)
        con.execute(f"INSERT INTO companies ({', '.join(row)}) VALUES ({marks})", list(row.values()))

    def then(self, field: str, record_id: str, cut: int) -> tuple[bool, Any]:
        """Whether a value is known at a moment, and it."""
        ids, cuts = pd.Series([record_id]), pd.Series([cut])
        found = snapshots_of(self.engine, "companies", [field], ids, cuts)
        row = self.database.con.execute(f"SELECT {field} FROM companies WHERE id = ?", [record_id]).fetchall()
        today = pd.Series([row[0][0]], dtype=object)
        value = found.then(field, today).iloc[0]
        if field == "c_size" and value is not None:
            value = float(value)
        return bool(found.certain(field)[0]), None if pd.isna(value) else value


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.database.close()


def test_a_value_is_as_old_as_the_pull_that_saw_it(house: House) -> None:
    house.put("a", 0, industry="steel")
    house.values.take({"companies": FIELDS}, 10 * DAY)
    house.put("a", 15 * DAY, industry="food", c_size=7)
    house.values.take({"companies": FIELDS}, 20 * DAY)
    # Before the first pull only today's value is known, and it is said not to be certain.
    assert house.then("industry", "a", 5 * DAY) == (False, "food")
    assert house.then("industry", "a", 10 * DAY) == (True, "steel")
    assert house.then("industry", "a", 19 * DAY) == (True, "steel")
    assert house.then("industry", "a", 20 * DAY) == (True, "food")
    # What was empty at the first pull was empty then.
    assert house.then("c_size", "a", 19 * DAY) == (True, None)
    assert house.then("c_size", "a", 20 * DAY) == (True, 7.0)


def test_a_value_that_was_cleared_is_a_gap(house: House) -> None:
    """Not the value before it, and not a gap that was always there."""
    for day, value in ((1, "steel"), (3, None), (7, "glass"), (8, None), (10, "food")):
        house.put("a", day * DAY, industry=value)
        house.values.take({"companies": FIELDS}, day * DAY)
    told = [house.then("industry", "a", day * DAY)[1] for day in range(1, 12)]
    assert told == ["steel", "steel", None, None, None, None, "glass", None, None, "food", "food"]


def test_a_record_that_no_pull_had_seen_yet_is_not_certain(house: House) -> None:
    """However old the CRM says that it is: imports bring the past with them, and what was deleted comes back."""
    house.put("a", 0, industry="steel")
    house.values.take({"companies": FIELDS}, 10 * DAY)
    house.put("b", 12 * DAY, industry="food")
    house.put("imported", 1 * DAY, industry="wood")
    house.put("empty", 1 * DAY)
    house.values.take({"companies": FIELDS}, 40 * DAY)
    for record_id in ("b", "imported", "empty"):
        house.put(record_id, 45 * DAY, industry="glass")
    house.values.take({"companies": FIELDS}, 46 * DAY)
    for record_id, value in (("b", "food"), ("imported", "wood"), ("empty", None)):
        # Not what it is today, but what the next pull saw.
        assert house.then("industry", record_id, 30 * DAY) == (False, value)
        assert house.then("industry", record_id, 41 * DAY) == (True, value)
        assert house.then("industry", record_id, 46 * DAY) == (True, "glass")


def test_a_change_that_is_read_late_is_not_lost(house: House) -> None:
    """Its row was hidden, or came with a backfill: the CRM's time of change lies months back."""
    house.put("a", 0, industry="steel")
    house.values.take({"companies": FIELDS}, 100 * DAY)
    house.put("a", 5 * DAY, industry="food")
    house.values.take({"companies": FIELDS}, 101 * DAY)
    assert house.then("industry", "a", 100 * DAY) == (True, "steel")
    assert house.then("industry", "a", 101 * DAY) == (True, "food")


def test_an_object_that_is_not_watched_any_more_is_forgotten(house: House) -> None:
    house.put("a", 0, industry="steel")
    house.values.take({"companies": FIELDS}, 10 * DAY)
    house.values.take({}, 20 * DAY)
    assert house.database.con.execute("SELECT count(*) FROM _field_values").fetchall() == [(0,)]
    house.put("a", 15 * DAY, industry="food")
    house.values.take({"companies": FIELDS}, 30 * DAY)
    assert house.then("industry", "a", 20 * DAY) == (False, "food")


def test_a_column_that_takes_anothers_place_is_read(house: House) -> None:
    """A field was deleted and another made, with the same values and a name as long."""
    con = house.database.con
    con.execute("ALTER TABLE companies ADD COLUMN c_aaaa VARCHAR")
    con.execute("ALTER TABLE companies ADD COLUMN c_bbbb VARCHAR")
    house.put("a", 0, c_aaaa="x", c_bbbb="x")
    house.values.take({"companies": ["c_aaaa"]}, 10 * DAY)
    house.values.take({"companies": ["c_bbbb"]}, 20 * DAY)
    house.put("a", 25 * DAY, c_aaaa="x", c_bbbb="y")
    house.values.take({"companies": ["c_bbbb"]}, 30 * DAY)
    assert house.then("c_bbbb", "a", 20 * DAY) == (True, "x")
    assert house.then("c_bbbb", "a", 30 * DAY) == (True, "y")


@pytest.mark.slow
def test_what_changes_every_night_is_kept_by_the_month(house: House) -> None:
    for day in range(1, 200):
        house.put("a", day * DAY, c_size=day, industry="steel")
        house.values.take({"companies": FIELDS}, day * DAY)
    assert house.database.con.execute("SELECT count(*) FROM _field_values").fetchall()[0][0] < 75
    for day in range(1, 200):
        known, value = house.then("c_size", "a", day * DAY)
        assert known and value is not None and value <= day
        assert value >= day - 30
        if day > 170:
            assert value == day


def test_a_row_without_a_record_is_no_doubt(house: House) -> None:
    house.put("a", 0, industry="steel")
    house.values.take({"companies": FIELDS}, DAY)
    ids, cuts = pd.Series(["a", None, "a"]), pd.Series([5 * DAY, 6 * DAY, 7 * DAY])
    assert snapshots_of(house.engine, "companies", ["industry"], ids, cuts).known("industry")
    early = pd.Series([5 * DAY, 6 * DAY, 0])
    assert not snapshots_of(house.engine, "companies", ["industry"], ids, early).known("industry")
    assert not snapshots_of(
        house.engine, "companies", ["industry"], pd.Series([None] * 3, dtype=object), cuts
    ).known("industry")


def test_a_field_that_was_not_watched_for_a_while_is_not_known_from_before(house: House) -> None:
    house.put("a", 0, industry="steel", c_size=1)
    house.values.take({"companies": FIELDS}, 10 * DAY)
    house.values.take({"companies": ["industry"]}, 20 * DAY)
    house.put("a", 25 * DAY, industry="steel", c_size=2)
    house.values.take({"companies": FIELDS}, 30 * DAY)
    assert house.then("c_size", "a", 15 * DAY) == (False, 2.0)
    assert house.then("c_size", "a", 30 * DAY) == (True, 2.0)
    assert house.then("industry", "a", 15 * DAY) == (True, "steel")


def test_what_did_not_change_costs_no_row(house: House) -> None:
    for n in range(50):
        house.put(f"r{n}", 0, industry="steel")
    house.put("long", 0, industry="x" * 10_000)
    for day in (10, 20, 30):
        house.values.take({"companies": FIELDS}, day * DAY)
    house.put("r7", 35 * DAY, industry="food")
    house.values.take({"companies": FIELDS}, 40 * DAY)
    # A clock that stands, or goes back, changes nothing.
    house.values.take({"companies": FIELDS}, 40 * DAY)
    house.values.take({"companies": FIELDS}, 39 * DAY)
    rows = house.database.con.execute("SELECT count(*), max(length(value)) FROM _field_values").fetchall()
    assert rows == [(52, 255)]


def test_an_erased_record_leaves_no_value(house: House) -> None:
    MergeMap(house.database)
    for record_id, value in (("101", "steel"), ("102", "101"), ("001xx0000000001AAA", "x")):
        house.put(record_id, 0, industry=value)
    house.put("103", 0, industry="001xx0000000001AAA")
    house.values.take({"companies": FIELDS}, DAY)

    def erase(ids: list[str], mapped_as: str) -> None:
        erasure.erase(
            house.database, ids, mapped_as=mapped_as, own_tables=(), table="raw_companies", linked=False
        )

    def kept() -> dict[str, str]:
        rows = house.database.con.execute("SELECT record_id, value FROM _field_values").fetchall()
        return dict(rows)

    # A contact's id may be a company's as well.
    erase(["101"], "contacts")
    assert kept()["101"] == "steel"
    erase(["101"], "companies")
    assert "101" not in kept()
    # A number is no reference, an id of fifteen characters and more is one.
    assert kept()["102"] == "101"
    erase(["001xx0000000001AAA"], "companies")
    assert kept() == {"102": "101", "103": None}


steps = st.lists(
    st.tuples(
        st.sampled_from(("change", "change", "pull", "pull some")),
        st.sampled_from(IDS),
        st.sampled_from(FIELDS),
        st.sampled_from((None, 1.0, 2.0)),
    ),
    min_size=4,
    max_size=25,
)


@pytest.mark.slow
@given(steps=steps)
@settings(max_examples=30)
def test_any_history_is_told_as_the_pulls_saw_it(steps: list[tuple[str, str, str, float | None]]) -> None:
    """What no pull has read yet is in no table: changes arrive with the next pull."""
    house = House()
    state: dict[str, dict[str, Any]] = {i: dict(NOTHING) for i in IDS}
    seen: list[tuple[int, bool, dict[str, dict[str, Any]]]] = []
    made: dict[str, int] = {}
    for day, (kind, record_id, field, value) in enumerate([*steps, ("pull", "a", "industry", None)], 1):
        if kind == "change":
            text = {None: None, 1.0: "steel", 2.0: "food"}[value]
            state[record_id] = state[record_id] | {field: text if field == "industry" else value}
            house.put(record_id, day * DAY, **state[record_id])
            made.setdefault(record_id, day)
            continue
        house.values.take({"companies": FIELDS}, day * DAY, whole=kind == "pull")
        seen.append((day, kind == "pull", {i: state[i] for i in made}))
    asked = [(i, day) for i in made for day in range(len(steps) + 3)]
    if not asked:
        return
    ids, cuts = pd.Series([i for i, _ in asked]), pd.Series([d * DAY for _, d in asked])
    # A field is watched from the first pull of everything on, a record from the next one that saw it.
    begun = next(at for at, whole, _ in seen if whole)
    pulls = [(at, s) for at, _, s in seen if at >= begun]
    for field in FIELDS:
        found = snapshots_of(house.engine, "companies", [field], ids, cuts)
        today = ids.map(lambda i, f=field: state[i][f]).astype(object)
        values, certain = found.then(field, today), found.certain(field)
        for (record_id, day), value, known in zip(asked, values, certain, strict=True):
            first = next(at for at, s in pulls if record_id in s)
            assert known == (day >= first)
            past = [s[record_id][field] for at, s in pulls if at <= max(day, first) and record_id in s]
            expected = past[-1] if day >= begun else state[record_id][field]
            assert (None if pd.isna(value) else value) == expected or float(value) == expected
    house.database.close()


def test_many_rows_at_once_are_told_as_each_alone(house: House) -> None:
    rng = np.random.default_rng(0)
    for day in range(1, 40):
        for n in rng.integers(0, 30, 5):
            house.put(f"r{n}", day * DAY, industry=str(rng.choice(["steel", "food"])))
        if day % 4 == 0:
            house.values.take({"companies": FIELDS}, day * DAY)
    ids = pd.Series([f"r{n}" for n in rng.integers(0, 32, 200)])
    cuts = pd.Series(rng.integers(0, 45, 200) * DAY)
    listed = house.database.con.execute("SELECT id, industry FROM companies").fetchall()
    today = ids.map(dict(listed)).astype(object)
    found = snapshots_of(house.engine, "companies", ["industry"], ids, cuts)
    values, certain = found.then("industry", today), found.certain("industry")
    for n in range(0, 200, 10):
        if ids[n] in dict(listed):
            assert (bool(certain[n]), values[n]) == house.then("industry", ids[n], int(cuts[n]))
    assert 20 < certain.sum() < 190
