"""A backfill waits for the next day's calls and goes on by itself, though nobody may be asked what time it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.in_process import LocalSandbox

from sales_consultant.config.errors import CrmUnavailableError
from sales_consultant.config.fields.naming import Naming
from sales_consultant.config.settings import Settings
from sales_consultant.connectors.hubspot import connect
from sales_consultant.sandbox.hubspot.portal.portal import Portal
from sales_consultant.sync.runtime.reporting import Silent
from sales_consultant.sync.runtime.workspace import Workspace
from sales_consultant.sync.use_cases.backfill import BackfillProgress, Task, backfill

DAY = 86_400
PROFESSIONAL = 625_000


class Day:
    """A portal of 1,500 contacts, read in 30 calls, and a machine whose clock only waiting moves."""

    def __init__(self, sandbox: LocalSandbox, folder: Path, share: float) -> None:
        self.sandbox, self.folder = sandbox, folder
        self.slept: list[float] = []
        path = "/crm/v3/objects/contacts/batch/create"
        for _ in range(15):
            inputs = [{"properties": {"firstname": "A"}, "associations": []} for _ in range(100)]
            sandbox.call("POST", path, {"inputs": inputs})
        sandbox.control("limits", limits="professional")
        main = {"crm": "hubspot", "url": "http://127.0.0.1", "daily_share": share}
        self.settings = Settings.model_validate({"connections": {"main": main}})
        # Put together as by a command; only the machine's clock and the network are the test's.
        self.crm = connect(self.settings.connections["main"], "t", naming=Naming())
        transport = self.crm.api.transport
        transport.session, transport.sleep = sandbox.open_session(), lambda s: None
        transport.ticks = lambda: sum(self.slept)
        # What ten seconds hold is not the matter here.
        self.crm.api.general.resize = lambda calls: None  # type: ignore[method-assign]  # the test's clock does not move

    def sleep(self, seconds: float) -> None:
        """Both clocks go on."""
        assert len(self.slept) < 5, "it waits and waits"
        self.slept.append(seconds)
        self.sandbox.clock.advance(seconds)

    def read(self, wait: bool) -> tuple[BackfillProgress, int]:
        """A backfill of all contacts, and how many are held after it."""
        chosen = self.settings.connections["main"]
        with Workspace(self.settings, "main", chosen, self.folder, connector=self.crm) as ws:
            done = backfill(ws, Silent(), Task(None, None, ("contacts",)), wait=wait, sleep=self.sleep)
            return done, ws.warehouse.count("raw_contacts")


@pytest.fixture
def sandbox() -> Iterator[LocalSandbox]:
    with LocalSandbox("hubspot", clock="2024-06-01T08:00:00Z") as made:
        yield made


def test_the_org_s_last_calls_are_waited_for(sandbox: LocalSandbox, tmp_path: Path) -> None:
    day = Day(sandbox, tmp_path, 1.0)
    Portal.of(sandbox.world).meter.used = int(PROFESSIONAL * 0.98) - 10
    with pytest.raises(CrmUnavailableError, match="The org has used"):
        day.read(False)
    done, held = day.read(True)
    # Until midnight, once.
    assert day.slept == [16 * 3600] and held == 1500 and done.rows["contacts"] > 0


def test_our_own_share_is_waited_for_day_by_day(sandbox: LocalSandbox, tmp_path: Path) -> None:
    day = Day(sandbox, tmp_path, 15 / PROFESSIONAL)
    done, held = day.read(True)
    assert day.slept == [16 * 3600, DAY]
    assert held == 1500 and done.rows["contacts"] >= 1500
