"""What every connector can do by reading a stream whole: a new one answers correctly before it has anything faster."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import pyarrow as pa
import pytest

from sales_consultant.config.conditions import from_option
from sales_consultant.config.errors import AccessError, UsageError
from sales_consultant.config.fields.canon import Canonical
from sales_consultant.config.fields.catalogue import Field, by_key
from sales_consultant.config.neutral import Account, CustomField, TableMapping, field_column
from sales_consultant.connectors.base import (
    Calls,
    Change,
    Connector,
    FieldInfo,
    Finding,
    Identity,
    Known,
    Outcome,
    Page,
    ProvisionStep,
    ReadBack,
    Stream,
)

ROWS = (
    ("1", 100, False, "1000", "new"),
    ("2", 200, False, "90", "Won"),
    ("3", 300, True, "5000", "won"),
    ("4", 400, False, "", "lost"),
    ("5", 500, False, "2e3", None),
)


class Plain(Connector):
    """A CRM with one stream, of which only what must be there is there. Its pages hold two rows."""

    crm = "plain"

    def __init__(self) -> None:
        self.calls = Calls()

    def identity(self) -> Identity:
        return Identity("plain", "1", "test")

    def now(self) -> int:
        return 1_000

    def describe(self, object: str) -> list[FieldInfo]:
        fields = [("amount", True), ("stage", True), ("score", True), ("grade", False)]
        return [FieldInfo(n, n, "string", False, w, False) for n, w in fields]

    def streams(self) -> Sequence[Stream]:
        return (Stream("deals", "deals", "delta"),)

    def definition(self, stream: str) -> str:
        return "1"

    def pull(
        self, stream: str, *, since: int | None, until: int, resume: str | None, known: Known
    ) -> Iterator[Page]:
        for start in range(0, len(ROWS), 2):
            self.calls.count("read")
            ids, at, gone, amount, stage = zip(*ROWS[start : start + 2], strict=True)
            columns = {"id": ids, "_modified": at, "_archived": gone}
            fields = {field_column("amount"): amount, field_column("stage"): stage}
            yield Page(stream, pa.table({k: list(v) for k, v in (columns | fields).items()}), None)
        # What else a stream may bring does not count as its rows.
        yield Page("links", pa.table({"id": ["x"]}), None)

    def mapping(
        self, columns: Mapping[str, Sequence[str]], fields: Sequence[CustomField], account: Account
    ) -> TableMapping:
        return {}

    def raw(self, object: str) -> tuple[str, str]:
        return f"raw_{object}", "true"

    def field_name(self, object: str, field: Field) -> str:
        return field.key

    def parse(self, field: Field, text: str | None) -> Canonical:
        return text

    def read_back(
        self, object: str, record_ids: Sequence[str], fields: Sequence[Field]
    ) -> Iterator[ReadBack]:
        yield from ()

    def batch_size(self, changes: int) -> int:
        return 100

    def push(self, changes: Sequence[Change], *, remember: Callable[[str], None]) -> Iterator[Outcome]:
        yield from ()

    def provision(self, fields: Mapping[str, Sequence[Field]], *, dry: bool) -> list[ProvisionStep]:
        return []

    def remove(
        self, fields: Mapping[str, Sequence[Field]], *, dry: bool, tasks_left: bool = False
    ) -> list[ProvisionStep]:
        return []

    def check(self, fields: Mapping[str, Sequence[Field]]) -> list[Finding]:
        return []


def test_every_row_is_in_the_inventory() -> None:
    rows = pa.concat_tables(Plain().inventory("deals")).to_pylist()
    assert [(r["id"], r["_modified"], r["_archived"]) for r in rows] == [r[:3] for r in ROWS]


def test_rows_are_read_again_by_id_and_one_that_is_gone_is_left_out() -> None:
    pages = list(Plain().reread("deals", ["5", "1", "nobody"]))
    assert [i for p in pages for i in p.rows["id"].to_pylist()] == ["1", "5"]


@pytest.mark.parametrize(
    ("conditions", "ids"),
    [
        (["amount>=1000"], ["1", "5"]),
        (["amount<1000"], ["2"]),
        (["amount<=90", "stage=won"], ["2"]),
        (["amount=2000"], ["5"]),
        (["amount!=1000"], ["2", "4", "5"]),
        (["stage in won, lost"], ["2", "4"]),
        (["stage!=won"], ["1", "4", "5"]),
        (["stage>m"], ["1"]),
        ([], ["1", "2", "4", "5"]),
    ],
)
def test_conditions_hold_as_a_crm_would_say(conditions: list[str], ids: list[str]) -> None:
    where = [from_option(c) for c in conditions]
    found = list(Plain().find("deals", where, since=None, until=1_000, after=""))
    assert [i for page, _ in found for i in page] == ids
    assert [n for _, n in found] == ([len(ids)] if ids else [])


def test_only_rows_of_the_window_and_after_the_last_id_are_found() -> None:
    assert list(Plain().find("deals", [], since=200, until=400, after="2")) == [(["4"], 1)]


def test_a_field_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="no field"):
        list(Plain().find("deals", [from_option("ammount>1")], since=None, until=1_000, after=""))


def test_an_estimate_is_what_a_whole_reading_takes() -> None:
    found = Plain().estimate("deals", since=None, rows={}, known=_Nothing())
    assert (found.rows, found.calls) == (5, {"read": 3})


def test_writing_is_told_from_what_the_crm_describes() -> None:
    crm = Plain()
    lacking = crm.unwritable("deals", [by_key("score"), by_key("grade"), by_key("trend")])
    assert lacking == {"grade": "this user may not edit it", "trend": "it is not there"}
    assert [crm.write_calls(n) for n in (0, 1, 100, 101)] == [0, 1, 1, 2]
    assert list(crm.resume("a job", [Change("deals", "1", {})])) == []


def test_what_a_crm_cannot_do_is_said() -> None:
    crm = Plain()
    assert [s.state for s in (*crm.extras({}, dry=False), *crm.assign(["ann"], dry=False))] == ["left"] * 2
    assert crm.uses({}) == ([], "This CRM does not tell what uses a field. Look before you remove.")
    with pytest.raises(AccessError):
        crm.note("deals", by_key("score"), "given today")
    assert (crm.covered(5), crm.latest(), crm.budget().limit, crm.other_sync()) == (None, 1_000, None, [])


class _Nothing:
    def ids(
        self, stream: str, *, read_since: int | None = None, changed_since: int | None = None
    ) -> Sequence[str]:
        return ()

    def open_deals(self) -> Sequence[str]:
        return ()

    def archived(self, stream: str) -> int:
        return 0

    def dangling_links(self, stream: str, object: str) -> Sequence[str]:
        return ()
