"""Companies without signal, whose records the outcome completes: no model of them may earn its place."""

import os
from contextlib import closing
from pathlib import Path

import pytest
from support import tiny
from support.contract_base import pulled
from support.in_process import LocalSandbox
from support.local_connector import opened
from support.no_signal_company import NoSignal

from sales_consultant.config.crms import CRMS
from sales_consultant.config.populations import Exclusions, FeatureSettings, Population
from sales_consultant.config.sections import Connection
from sales_consultant.scoring.training import training
from sales_consultant.sync.stores import Warehouse

pytestmark = pytest.mark.slow

DEALS = Population(object="deals", event="won")
# The longer sample of `make no-signal`: "1:21" are twenty seeds.
FIRST, END = (int(n) for n in os.environ.get("NO_SIGNAL", "1:2").split(":"))


def trained(
    folder: Path, crm: str, company: NoSignal, settings: FeatureSettings | None = None
) -> training.Trained:
    """The model of a company's deals, pulled from a sandbox of that CRM."""
    data = company.write(folder)
    with LocalSandbox(crm, clock=tiny.CLOCK, data=data) as sandbox:
        connection = Connection.model_validate({"crm": crm, "url": "http://127.0.0.1"})
        connector = opened(connection, sandbox, sandbox.adapter)
        with closing(connector):
            warehouse = pulled(connector, Warehouse(None, threads=1))
            found = training.train(
                warehouse.engine,
                "deals",
                DEALS,
                as_of=connector.now(),
                exclusions=Exclusions(),
                features=settings or FeatureSettings(),
            )
        warehouse.close()
    return found


@pytest.mark.parametrize("seed", range(FIRST, END))
@pytest.mark.parametrize("crm", CRMS)
def test_links_that_the_outcome_completes_are_no_signal(tmp_path: Path, crm: str, seed: int) -> None:
    # Even seeds: the CRM dates roles, line items and close dates truly; odd ones: all as old as their deal.
    found = trained(tmp_path, crm, NoSignal(seed, dated=seed % 2 == 0))
    report = found.report
    assert report.verdict == "no better than base rate", (report.auc, report.log_loss, report.base_log_loss)
    assert not found.publishable
    dropped = {f.column: f for f in found.model.leaks if f.kind == "hindsight"}
    assert dropped or seed % 2 == 0, "something that is hindsight was learnt from"


@pytest.mark.parametrize("crm", CRMS)
def test_random_fields_that_the_outcome_changes_gain_nothing(tmp_path: Path, crm: str) -> None:
    # HubSpot keeps the history of every field, Salesforce of those that an admin has chosen: here of none.
    found = trained(tmp_path, crm, NoSignal(FIRST + 30, planted=True, tracked=crm == "hubspot"))
    report = found.report
    assert report.verdict == "no better than base rate", (report.auc, report.log_loss, report.base_log_loss)
    if crm == "salesforce":
        assert not any(f.name.startswith("deals.c_") for f in found.model.features)
        why = {f.column: f.evidence for f in found.model.leaks}
        assert all(why[f"deals.c_{name}"] for name in ("mood", "paper", "region"))
