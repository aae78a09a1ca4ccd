"""A CRM in memory that fulfils the connector protocol, with faults that a test switches on."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence

import pyarrow as pa

from sales_consultant.config.conditions import Condition
from sales_consultant.config.fields.canon import CanonError, Canonical, canon
from sales_consultant.config.fields.catalogue import Field
from sales_consultant.config.neutral import Account, CustomField, Source, TableMapping, field_column
from sales_consultant.connectors.base import (
    Budget,
    Calls,
    Change,
    Connector,
    Estimate,
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

Key = tuple[str, str]


class Killed(BaseException):
    """The process died here."""


class FakeCrm(Connector):
    """Deals with our fields. `refuse` maps record ids to what the CRM says; `kill_after` counts protocol calls."""

    crm = "fake"

    def __init__(self, ids: Sequence[str], *, seed: int = 0) -> None:
        self.calls = Calls()
        self.held: dict[Key, dict[str, Canonical]] = {("deals", i): {} for i in ids}
        self.writes: dict[Key, int] = {}
        self.redundant = 0
        self.refuse: dict[str, str] = {}
        self.locked: set[str] = set()
        self.converted: set[str] = set()
        self.hidden: dict[str, str] = {}
        self.notes: list[tuple[str, str, str]] = []
        self.lose = 0.0
        self.busy = 0.0
        self.kill_after: int | None = None
        self.random = random.Random(seed)
        self.time = 1_700_000_000_000
        self.org = Identity("fake", "1", "production", currency="EUR")

    def _step(self) -> None:
        if self.kill_after is not None:
            self.kill_after -= 1
            if self.kill_after < 0:
                raise Killed

    def identity(self) -> Identity:
        return self.org

    def now(self) -> int:
        self.time += 1000
        return self.time

    def latest(self) -> int:
        return self.time

    def check(self, fields: Mapping[str, Sequence[Field]]) -> list[Finding]:
        return []

    def describe(self, object: str) -> list[FieldInfo]:
        return []

    def streams(self) -> Sequence[Stream]:
        return (Stream("deals", "deals", "delta"),)

    def definition(self, stream: str) -> str:
        return "1"

    def pull(
        self, stream: str, *, since: int | None, until: int, resume: str | None, known: Known
    ) -> Iterator[Page]:
        self._step()
        rows = [i for _, i in self.held]
        names = sorted({k for v in self.held.values() for k in v})
        table = pa.table(
            {
                "id": pa.array(rows, pa.string()),
                **{
                    field_column(n): pa.array([self.held["deals", i].get(n) for i in rows], pa.string())
                    for n in names
                },
                "_created": pa.array([0] * len(rows), pa.int64()),
                "_modified": pa.array([self.time] * len(rows), pa.int64()),
                "_archived": pa.array([False] * len(rows), pa.bool_()),
                "_seen": pa.array([self.time] * len(rows), pa.int64()),
            }
        )
        yield Page("deals", table, "end")

    def estimate(self, stream: str, *, since: int | None, rows: Mapping[str, int], known: Known) -> Estimate:
        return Estimate(stream, len(self.held), {"read": 1})

    def seconds_for(self, calls: Mapping[str, int]) -> float:
        return float(sum(calls.values()))

    def inventory(self, stream: str) -> Iterator[pa.Table]:
        ids = [i for o, i in self.held if o == stream]
        yield pa.table(
            {
                "id": pa.array(ids, pa.string()),
                "_modified": pa.array([self.time] * len(ids), pa.int64()),
                "_archived": pa.array([False] * len(ids), pa.bool_()),
            }
        )

    def reread(self, stream: str, ids: Sequence[str]) -> Iterator[Page]:
        yield from ()

    def find(
        self, stream: str, where: Sequence[Condition], *, since: int | None, until: int, after: str
    ) -> Iterator[tuple[Sequence[str], int]]:
        yield from ()

    def mapping(
        self, columns: Mapping[str, Sequence[str]], fields: Sequence[CustomField], account: Account
    ) -> TableMapping:
        deals = [
            Source(
                "raw_deals r",
                {
                    "id": "r.id",
                    "created_at": "r._created",
                    "is_closed": "false",
                    "is_won": "false",
                    "deleted": "false",
                },
            )
        ]
        return {
            "org": [Source("(SELECT 1)", {"currency": "'EUR'", "time_zone": "'UTC'"})],
            "deals": deals if "raw_deals" in columns else [],
        }

    def raw(self, object: str) -> tuple[str, str]:
        return f"raw_{object}", "NOT _archived"

    def field_name(self, object: str, field: Field) -> str:
        return field.key

    def parse(self, field: Field, text: str | None) -> Canonical:
        try:
            return canon(field, text)
        except CanonError:
            return text

    def provision(self, fields: Mapping[str, Sequence[Field]], *, dry: bool) -> list[ProvisionStep]:
        return []

    def note(self, object: str, field: Field, text: str) -> str:
        self.notes.append((object, field.key, text))
        return text

    def remove(
        self, fields: Mapping[str, Sequence[Field]], *, dry: bool, tasks_left: bool = False
    ) -> list[ProvisionStep]:
        return []

    def unwritable(self, object: str, fields: Sequence[Field]) -> dict[str, str]:
        return {}

    def batch_size(self, changes: int) -> int:
        return 10

    def push(self, changes: Sequence[Change], *, remember: Callable[[str], None]) -> Iterator[Outcome]:
        self._step()
        self.calls.count("write")
        if self.random.random() < self.busy:
            yield from (Outcome(c.object, c.record_id, "retry", "busy", "429") for c in changes)
            return
        done = []
        for change in changes:
            if change.record_id in self.refuse:
                done.append(
                    Outcome(change.object, change.record_id, "dead", self.refuse[change.record_id], "REFUSED")
                )
                continue
            if change.record_id in self.locked | self.converted:
                waits = change.record_id in self.locked
                done.append(
                    Outcome(
                        change.object,
                        change.record_id,
                        "wait" if waits else "left",
                        "in an approval",
                        "LOCKED",
                    )
                )
                continue
            key = (change.object, change.record_id)
            if all(self.held[key].get(k) == v for k, v in change.values.items()):
                self.redundant += 1
            self.held[key].update(change.values)
            self.writes[key] = self.writes.get(key, 0) + 1
            done.append(Outcome(change.object, change.record_id, "done"))
        # Applied, and dead before the answer came.
        self._step()
        if self.random.random() < self.lose:
            yield from (Outcome(c.object, c.record_id, "unknown", "lost") for c in changes)
            return
        yield from done

    def hidden_rows(self) -> Mapping[str, str]:
        return self.hidden

    def read_back(
        self, object: str, record_ids: Sequence[str], fields: Sequence[Field]
    ) -> Iterator[ReadBack]:
        self._step()
        self.calls.count("read")
        for record_id in record_ids:
            held = self.held.get((object, record_id))
            if held is None:
                yield ReadBack(object, record_id, {}, found=False)
            else:
                yield ReadBack(object, record_id, {f.key: held.get(f.key) for f in fields})

    def budget(self) -> Budget:
        return Budget(None, None)
