"""Stages, pipelines, owners and rates that are deleted in the CRM: what is not found is not "no"."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support import seller, tiny
from support.both_sides import WarmCli
from support.cli import TOKEN
from support.office import Office
from support.sandbox_company import Api
from support.warm import shared

from sales_consultant.sandbox.serving.server import Sandbox

pytestmark = pytest.mark.slow

DEALS = {"hubspot": "deals", "salesforce": "Opportunity"}
COMPANIES = {"hubspot": "companies", "salesforce": "Account"}
STAGE = {"hubspot": "dealstage", "salesforce": "StageName"}
OURS = {"hubspot": "sc_{}", "salesforce": "SC_{}__c"}


class Desk:
    """A company with a trained model on one CRM."""

    def __init__(self, folder: Path, crm: str, sandbox: Sandbox) -> None:
        self.crm, self.sandbox = crm, sandbox
        self.cli = WarmCli(folder / "admin", token=TOKEN, crm=crm)
        self.cli.nursery = shared()
        self.office = Office(self.cli, Api(sandbox))
        self.cli.configure(sandbox.url, seller.FEATURES, scored=True)
        self.cli.done("provision")

    def sync(self, *more: str) -> dict[str, Any]:
        done = self.cli.done("sync", "--yes", *more)
        assert "error" not in done, done
        return done

    def held(self, object: str) -> dict[str, dict[str, Any]]:
        """Our fields by the record's id, lower case; what is empty is left out."""
        start = "sc_"
        return {
            r.id: {
                k.lower(): v
                for k, v in r.values().items()
                if k.lower().startswith(start) and v not in (None, "")
            }
            for r in self.sandbox.store.each(self.crm, object)
        }

    def stages(self) -> dict[str, str]:
        """The stage of every deal."""
        return {
            r.id: str(r.values()[STAGE[self.crm]]) for r in self.sandbox.store.each(self.crm, DEALS[self.crm])
        }

    def pass_a_day(self) -> None:
        self.office.portal.control("clock", advance=86_400)

    def touch(self, **values: Any) -> None:
        """Everything is changed, so that all is read anew, without what would tell how a deal stands."""
        for record in list(self.sandbox.store.each(self.crm, DEALS[self.crm])):
            body = {k: v for k, v in {**record.values(), **values}.items() if v != "gone"}
            self.sandbox.store.write(
                "UPDATE records SET properties = ? WHERE vendor = ? AND id = ?",
                (json.dumps(body), self.crm, record.id),
            )
        self.office.portal.control(
            "touch", object=DEALS[self.crm], **({} if self.crm == "hubspot" else {"crm": self.crm})
        )

    def delete_stages(self, *stages: str) -> None:
        """By the vendor's own API where it lets one."""
        if self.crm == "hubspot":
            for pipeline in self.office.portal.get("/crm/v3/pipelines/deals").json()["results"]:
                for stage in pipeline["stages"]:
                    if stage["label"] in stages or not stages:
                        path = f"/crm/v3/pipelines/deals/{pipeline['id']}/stages/{stage['id']}"
                        assert self.office.portal.send("DELETE", path).status_code == 204
        else:
            for record in list(self.sandbox.store.each(self.crm, "OpportunityStage")):
                if record.values()["MasterLabel"] in stages or not stages:
                    self.sandbox.store.delete(self.crm, "OpportunityStage", record.id)

    def without_warehouse(self) -> None:
        """What was known before is not known any more."""
        for file in (self.cli.data / "main").glob("warehouse*"):
            file.unlink()


@contextmanager
def desk(folder: Path, crm: str) -> Iterator[Desk]:
    data = tiny.write(folder / "data", seller.tables(people=40))
    with Sandbox(data=data, clock=tiny.CLOCK, crms=(crm,)) as sandbox:
        made = Desk(folder, crm, sandbox)
        yield made
        made.office.portal.session.close()


def told(done: dict[str, Any]) -> dict[str, str]:
    """What a run said is not found: by kind and what its records are taken for."""
    return {r["kind"]: r.get("taken_for", "") for r in done.get("not_found", ())}


@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
def test_ended_deals_of_deleted_stages_stay_ended(tmp_path: Path, crm: str) -> None:
    """As they were known before; without that as the deal itself says; without that nothing is said of them."""
    with desk(tmp_path, crm) as d:
        d.sync()
        deals, companies = d.held(DEALS[crm]), d.held(COMPANIES[crm])
        assert sum("sc_score" in v or "sc_score__c" in v for v in deals.values()) == seller.OPEN
        d.delete_stages("Won", "Lost")
        d.touch()
        d.pass_a_day()
        done = d.sync()
        assert told(done)["stage"] == ("as it was known before")
        assert same(d, deals, companies), "known before"
        said = d.cli.done("check")["findings"]
        assert [f for f in said if f["subject"] == "stage not found" and "does not have" in f["text"]]

        d.without_warehouse()
        done = d.sync()
        assert told(done)["stage"] == "as the record itself says"
        assert same(d, deals, companies), "the record's own flags"

        if crm == "hubspot":  # Salesforce's flags are never without a value
            d.without_warehouse()
            d.touch(hs_is_closed="gone", hs_is_closed_won="gone")
            done = d.sync()
            assert told(done)["stage"] == "not known"
            assert same(d, deals, companies), "not known"


def same(d: Desk, deals: dict[str, Any], companies: dict[str, Any]) -> bool:
    """Ended deals hold what they held: nothing; no step was given to them, and no company lost its tier."""
    tier = OURS[d.crm].format("customer_tier" if d.crm == "hubspot" else "Customer_Tier").lower()
    now = d.held(DEALS[d.crm])
    ended = {i for i, v in deals.items() if not v}
    assert len(ended) == seller.DEALS - seller.OPEN
    wrong = {i: now[i] for i in ended if now[i]}
    assert not wrong, list(wrong.items())[:3]
    kept = d.held(COMPANIES[d.crm])
    lost = [i for i, v in companies.items() if v.get(tier) and v[tier] != kept[i].get(tier)]
    assert not lost, [(companies[i], kept[i]) for i in lost[:2]]
    return True


@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
def test_a_deleted_open_stage_closes_nothing(tmp_path: Path, crm: str) -> None:
    """The other way round: open deals stay open and keep their scores."""
    with desk(tmp_path, crm) as d:
        d.sync()
        deals = d.held(DEALS[crm])
        d.delete_stages("Offer")
        d.touch()
        d.pass_a_day()
        done = d.sync()
        assert done["scored"]["deals"] == seller.OPEN
        assert {i: bool(v) for i, v in deals.items()} == {i: bool(v) for i, v in d.held(DEALS[crm]).items()}
        if crm == "hubspot":  # Salesforce's flags are never without a value
            before = d.held("deals")
            d.without_warehouse()
            d.touch(hs_is_closed="gone", hs_is_closed_won="gone")
            done = d.sync()
            assert done["plan"]["left_alone"]["stage not known"] == seller.OPEN, "what was said of them stays"
            assert d.held("deals") == before


def test_a_deleted_pipeline_of_hubspot(tmp_path: Path) -> None:
    with desk(tmp_path, "hubspot") as d:
        d.sync()
        deals, companies = d.held("deals"), d.held("companies")
        listed = d.office.portal.get("/crm/v3/pipelines/deals").json()["results"]
        sales = next(p["id"] for p in listed if p["label"].lower() == "sales")
        assert d.office.portal.send("DELETE", f"/crm/v3/pipelines/deals/{sales}").status_code == 204
        d.touch()
        d.pass_a_day()
        assert d.sync()["scored"]["deals"] == seller.OPEN
        assert same(d, deals, companies)


def test_a_currency_whose_rate_goes(tmp_path: Path) -> None:
    """Rates are as they were known before; a code that nobody ever knew leaves its customers as they are, and is named."""
    made = seller.tables(people=40)
    made["deals"] = [
        {**deal, "currency": "GBP"} if n % 5 == 0 else deal for n, deal in enumerate(made["deals"])
    ]
    made["currencies"] = [{"code": "EUR", "rate": 1}, {"code": "GBP", "rate": 0.8}]
    data = tiny.write(tmp_path / "data", made)
    with Sandbox(data=data, clock=tiny.CLOCK, crms=("salesforce",)) as sandbox:
        d = Desk(tmp_path, "salesforce", sandbox)
        assert "currency" not in told(d.sync())
        companies = d.held("Account")
        for record in list(sandbox.store.each("salesforce", "CurrencyType")):
            if record.values()["IsoCode"] == "GBP":
                sandbox.store.delete("salesforce", "CurrencyType", record.id)
        d.touch()
        d.pass_a_day()
        assert "currency" not in told(d.sync()), "known before"
        assert {i: v.get("sc_segment__c") for i, v in companies.items()} == {
            i: v.get("sc_segment__c") for i, v in d.held("Account").items()
        }
        d.without_warehouse()
        done = d.sync()
        assert told(done)["currency"] == "not known"
        assert all(
            v.get("sc_customer_tier__c") == d.held("Account")[i].get("sc_customer_tier__c")
            for i, v in companies.items()
        )
        d.office.portal.session.close()
