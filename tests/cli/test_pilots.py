"""Some records only: a pilot that is narrowed, guards that are widened for one run, a backfill by conditions."""

import pytest
from support.office import Office


def rep(desk: Office, object: str, record: str) -> str:
    """Who owns a record."""
    found = desk.sandbox.store.get("hubspot", object, record)
    assert found is not None
    owners = {o["id"]: o["email"] for o in desk.portal.get("/crm/v3/owners").json()["results"]}
    return str(owners[str(found.values()["hubspot_owner_id"])])


@pytest.mark.slow
def test_a_pilot_that_is_narrowed(synced: Office) -> None:
    """Values outside are kept as configured, or emptied when that is said; the answer holds."""
    before = synced.held()
    pilot = '[write.teams]\nnorth = ["rep1@seller.example"]\n[write.where]\nteam = "north"'
    synced.cli.configure(synced.sandbox.url, pilot)
    kept = synced.cli.json("sync", "--yes")
    outside = {k[:2] for k in before if rep(synced, *k[:2]) != "rep1@seller.example"}
    assert kept["outside_the_pilot"] == {"records": len(outside), "values": "keep them"}
    assert kept["written"] == 0 and synced.held() == before
    assert synced.cli.json("sync", "--narrowed", "drop", code=2)["error"]["action"].endswith("keep, empty.")
    done = synced.cli.json("sync", "--yes", "--narrowed", "empty")
    assert done["written"] == len(outside) and done["plan"]["why"] == {"outside the pilot": len(outside)}
    assert synced.held() == {k: v for k, v in before.items() if k[:2] not in outside} == synced.written()
    assert synced.cli.json("sync", "--yes")["written"] == 0
    # Undone like any run.
    synced.cli.json("rollback", done["run"], "--yes")
    assert synced.held() == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("where", "object"), [("amount = '>= 10000'", "deals"), ("industry = '!= retail'", "companies")]
)
def test_a_pilot_by_any_filter(synced: Office, where: str, object: str) -> None:
    synced.cli.configure(synced.sandbox.url, f"[write.where]\n{where}")
    left = synced.cli.json("plan", "--no-pull")
    assert left["left_alone"] == {}, "all is written already"
    # One has bought in a currency that nobody knows the rate of: nothing is said of it.
    said = {k[1] for k in synced.held() if k[0] == "companies"}
    for record in said:
        synced.set("companies", record, sc_lifecycle="")
    told = synced.cli.json("plan")
    chosen = {e["id"] for e in told["entries"]}
    companies = {r.id: r.values() for r in synced.sandbox.store.each("hubspot", "companies")}
    wanted = {i for i in said if object == "companies" and companies[i]["industry"] != "Retail"}
    assert chosen == wanted
    # What a person emptied is told with both values, and how far values move with it.
    assert {(e["id"], e["field"], e["holds"]) for e in told["edited_by_hand"]} == {
        (i, "lifecycle", None) for i in said
    }
    assert sum(h["records"] for h in told["histograms"] if h["field"] == "lifecycle") == len(wanted)


@pytest.mark.slow
def test_guards_of_one_run(synced: Office) -> None:
    for record in [i for o, i, f in synced.held() if o == "contacts" and f == "segment"][:5]:
        synced.set("contacts", record, sc_segment="")
    for option, key in (("--max-records", "max_records"), ("--max-calls", "max_api_calls")):
        assert key in synced.cli.json("sync", option, "0", code=6)["error"]["message"]
    assert synced.cli.json("plan", "--out", "plan.json")["records"] == 5
    assert (
        "max_records"
        in synced.cli.json("push", "plan.json", "--max-records", "4", code=6)["error"]["message"]
    )
    assert "--max-share" in synced.cli.run("sync", "--max-share", "2", code=2).err
    synced.cli.configure(synced.sandbox.url, "[guards]\nmax_records = 3")
    assert synced.cli.json("push", "plan.json", "--max-records", "5")["written"] == 5


@pytest.mark.slow
def test_a_backfill_of_some_rows(synced: Office) -> None:
    deals = {r.id: r.values() for r in synced.sandbox.store.each("hubspot", "deals")}
    large = {i for i, v in deals.items() if float(v.get("amount") or 0) >= 10_000}
    words = ("backfill", "--object", "deals", "--where", "amount>=10000")
    stages = sorted({str(v["dealstage"]) for v in deals.values()})
    done = synced.cli.json(*words, "--where", f"dealstage in {','.join(stages)}")
    assert done["rows"] == {"deals": len(large)} and 0 < len(large) < len(deals)
    for wrong in ("amonut>=3", "amount~3", "amount=much"):
        assert synced.cli.json("backfill", "--object", "deals", "--where", wrong, code=2)["error"]["action"]
    assert synced.cli.json("sync", "--yes")["written"] == 0
