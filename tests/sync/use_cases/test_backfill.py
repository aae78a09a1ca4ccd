"""A backfill gives way to whoever wants the connection, and reads nothing twice."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from support.fake_crm import FakeCrm

from sales_consultant.config.conditions import Condition, from_option
from sales_consultant.config.errors import BusyError, UsageError
from sales_consultant.config.settings import Settings
from sales_consultant.connectors.base import Budget, Known, Page
from sales_consultant.sync.runtime.reporting import Silent
from sales_consultant.sync.runtime.run_context import running
from sales_consultant.sync.runtime.workspace import Workspace
from sales_consultant.sync.stores.state import backfills, runs
from sales_consultant.sync.use_cases.backfill import Task, backfill

IDS = [f"{n:03}" for n in range(60)]


class Paged(FakeCrm):
    """Ten rows a page; `before` is called before each page but the first."""

    def __init__(self) -> None:
        super().__init__(IDS)
        self.pages: list[str] = []

    def before(self) -> None:
        """What goes on meanwhile."""

    def _page(self, ids: Sequence[str], resume: str | None) -> Page:
        self.pages.append(ids[0])
        columns: dict[str, pa.Array[Any]] = {
            "id": pa.array(ids, pa.string()),
            "_created": pa.array([0] * len(ids), pa.int64()),
            "_modified": pa.array([self.time] * len(ids), pa.int64()),
            "_archived": pa.array([False] * len(ids), pa.bool_()),
            "_seen": pa.array([self.time] * len(ids), pa.int64()),
        }
        return Page("deals", pa.table(columns), resume, scope=pa.array(ids, pa.string()))

    def pull(
        self, stream: str, *, since: int | None, until: int, resume: str | None, known: Known
    ) -> Iterator[Page]:
        for start in range(int(resume or 0), len(IDS), 10):
            if start:
                self.before()
            yield self._page(IDS[start : start + 10], str(start + 10))

    def find(
        self, stream: str, where: Sequence[Condition], *, since: int | None, until: int, after: str
    ) -> Iterator[tuple[Sequence[str], int]]:
        chosen = [i for i in IDS if i > after and int(i) < 35]
        for start in range(0, len(chosen), 4):
            yield chosen[start : start + 4], len(chosen) - start

    def reread(self, stream: str, ids: Sequence[str]) -> Iterator[Page]:
        yield self._page(ids, None)

    def budget(self) -> Budget:
        return Budget(5, 100, 5, 50)


def place(folder: Path, crm: FakeCrm) -> Workspace:
    settings = Settings(connections={"main": {"crm": "hubspot"}})  # type: ignore[dict-item]  # as a file gives it
    return Workspace(settings, "main", settings.connections["main"], folder, connector=crm)


def test_it_gives_way_between_two_pages(tmp_path: Path) -> None:
    """A night's run that wants the connection gets it, and the backfill goes on behind it."""
    crm, slept = Paged(), []
    with place(tmp_path, crm) as ws, place(tmp_path, FakeCrm(IDS)) as night:
        wanted = [1, 1]

        def nightly() -> None:
            if wanted:
                wanted.pop()
                with pytest.raises(BusyError, match="backfill"), running(night, "sync"):
                    pass

        crm.before = nightly  # type: ignore[method-assign]  # what goes on meanwhile is the test's to say

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            with running(night, "sync"):
                pass

        done = backfill(ws, Silent(), Task(None, None), sleep=sleep)
        assert done.rows == {"deals": 60} and done.turns == 3 and len(slept) == 2
        assert crm.pages == [IDS[n] for n in range(0, 60, 10)], "no page twice"
        jobs = [
            (r["job"], r["outcome"])
            for r in ws.state.rows(sa.select(runs).order_by(runs.c.started_at, runs.c.id))
        ]
        assert sorted(jobs) == [("backfill", "done")] * 3 + [("sync", "done")] * 2
        # The live watermark has not moved.
        assert ws.warehouse.state("deals").watermark is None


def test_rows_by_conditions_are_read_once_each(tmp_path: Path) -> None:
    crm, said = Paged(), []
    counted: list[tuple[str, int, int | None]] = []
    task = Task(None, None, ("deals",), (from_option("amount>3"),))

    class Loud(Silent):
        def say(self, text: str) -> None:
            said.append(text)

        def progress(self, what: str, done: int, total: int | None) -> None:
            counted.append((what, done, total))

    ticks = iter(range(0, 1_000_000, 1_000))
    with place(tmp_path, crm) as ws:
        done = backfill(ws, Loud(), task, ticks=lambda: float(next(ticks)))
        assert done.rows == {"deals": 35} and crm.pages == ["000"]
        assert ws.state.rows(sa.select(backfills.c.stream)) == [{"stream": "deals and amount > 3"}]
        assert said == ["backfill: 45 calls left today"] and counted == [("deals", 35, 35)]
        # Another condition is another backfill.
        assert backfill(ws, Silent(), Task(None, None, ("deals",))).rows == {"deals": 60}
        with pytest.raises(UsageError, match="one object"):
            backfill(ws, Silent(), Task(None, None, (), task.where))


def test_a_question_that_cannot_be_asked_leaves_nothing_to_continue(tmp_path: Path) -> None:
    class Strict(Paged):
        def find(self, *args: Any, **kwargs: Any) -> Iterator[tuple[Sequence[str], int]]:
            raise UsageError("deals has no field of that name")
            yield

    with place(tmp_path, Strict()) as ws:
        with pytest.raises(UsageError, match="no field"):
            backfill(ws, Silent(), Task(None, None, ("deals",), (from_option("colour=red"),)))
        assert ws.state.rows(sa.select(backfills)) == []
