"""Whole runs on CRMs whose answers hold odd values: every row arrives, nothing stops, nothing is wrongly written."""

import os
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support import seller, tiny
from support.in_process import LocalSandbox
from support.local_connector import opened
from support.odd_values import OddValues

from sales_consultant.config.settings import Settings
from sales_consultant.sync.runtime.reporting import Silent
from sales_consultant.sync.runtime.workspace import Workspace
from sales_consultant.sync.setup.provisioning import provision
from sales_consultant.sync.use_cases.sync import SyncOptions, sync

pytestmark = pytest.mark.slow

OBJECTS = {
    "hubspot": ("contacts", "companies", "deals"),
    "salesforce": ("Contact", "Account", "Opportunity"),
}


def settings(crm: str) -> Settings:
    return Settings.model_validate(
        {
            "connections": {"main": {"crm": crm, "url": "http://127.0.0.1"}},
            "populations": {"deals": {"object": "deals", "event": "won", "label": "Deals"}},
            "features": {"fixed": ["deals.c_fit"]},
        }
    )


SEEDS = range(*map(int, os.environ.get("ODD_SEEDS", "1:2").split(":")))
CHANCE = float(os.environ.get("ODD_CHANCE", "0.03"))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
def test_a_run_on_a_crm_with_odd_values(tmp_path: Path, crm: str, seed: int) -> None:
    data = tiny.write(tmp_path / "data", seller.tables(people=60))
    with LocalSandbox(crm, clock=tiny.CLOCK, data=data) as sandbox:
        chosen = settings(crm)
        clean = opened(chosen.connections["main"], sandbox, sandbox.adapter)
        with Workspace(chosen, "main", chosen.connections["main"], tmp_path, connector=clean) as ws:
            provision(ws, dry=False)
        odd = OddValues(
            sandbox.adapter,
            Random(seed),
            chance=CHANCE,
            spare=lambda name: name.lower().startswith("sc_"),
            definitions=bool(seed % 2),
        )
        spoilt = opened(chosen.connections["main"], sandbox, odd)
        with Workspace(chosen, "main", chosen.connections["main"], tmp_path, connector=spoilt) as ws:
            run, plan = sync(ws, Silent(), SyncOptions(yes=True))
            assert run.code == 0
            assert odd.given > 100 and sum(run.counts["could_not_be_read"].values()) > 50
            for object in OBJECTS[crm]:
                held = {r[0] for r in ws.warehouse.con.execute(f'SELECT id FROM "raw_{object}"').fetchall()}
                assert held == {r.id for r in sandbox.store.each(crm, object)}, "every row arrives"
        for record in sandbox.store.each(crm, OBJECTS[crm][2]):
            ours = {k.lower() for k, v in record.values().items() if k.lower().startswith("sc_") and v}
            if ours & {"sc_score", "sc_score__c", "sc_next_step", "sc_next_step__c"}:
                assert is_open(crm, record.values()), record.id
        assert plan.entries


def is_open(crm: str, values: dict[str, Any]) -> bool:
    return str(values.get("hs_is_closed" if crm == "hubspot" else "IsClosed")).lower() in (
        "false",
        "0",
        "none",
    )
