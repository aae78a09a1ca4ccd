"""Pulling with its options: told its price, proven against the CRM's ids, and by a schedule."""

import pytest
import requests
from support.office import Office


@pytest.mark.slow
def test_a_pull_tells_its_price_and_then_proves_itself(synced: Office) -> None:
    cli = synced.cli
    before = synced.calls()
    told = cli.json("pull", "--estimate")
    assert told["minutes"] > 0
    assert told["calls"] == sum(told["by_kind"].values()) == sum(s["calls"] for s in told["streams"])
    asked = synced.calls() - before
    # To know costs a call or two a stream, and reads no row.
    assert asked <= 2.5 * len(told["streams"])
    whole = cli.json("pull", "--estimate", "--full", "--object", "deals")
    assert {s["read"] for s in whole["streams"]} == {"whole"}

    contact = synced.sandbox.store.rows(
        "SELECT id FROM records WHERE object = 'contacts' AND archived = 0 ORDER BY seq LIMIT 1"
    )[0][0]
    url = f"{synced.sandbox.url}/_sandbox/purge"
    assert requests.post(url, json={"object": "contacts", "id": contact}, timeout=10).ok
    done = cli.json("pull", "--reconcile")
    results = {c["stream"]: c["result"] for c in done["compared"]}
    assert "repaired: 1 vanished" in results["contacts"]
    count = synced.sandbox.store.count("hubspot", "companies")
    assert results["companies"] == f"CRM {count}, warehouse {count}"
    assert done["repaired"] >= 1
    state = cli.json("status")
    assert {c["stream"] for c in state["compared"]["of"]} == set(results)
    assert state["compared"]["at"]


@pytest.mark.slow
def test_a_sync_of_changes_costs_less_than_a_sync(synced: Office) -> None:
    whole = synced.cli.json("sync", "--yes")
    changed = synced.cli.json("sync", "--changed", "--yes")
    assert changed["written"] == 0
    assert sum(changed["calls"].values()) < sum(whole["calls"].values())
    # What is read again, whatever changed, stands apart.
    assert {"links", "definition", "archived", "search"} <= set(whole["calls"])


@pytest.mark.slow
def test_a_merge_is_known_when_the_warehouse_is_made_anew(synced: Office) -> None:
    store = synced.sandbox.store
    rows = store.rows(
        "SELECT id FROM records WHERE object = 'companies' AND archived = 0 ORDER BY seq LIMIT 2"
    )
    url = f"{synced.sandbox.url}/_sandbox/"
    body = {"object": "companies", "primary": rows[0][0], "other": rows[1][0]}
    made = requests.post(url + "merge", json=body, timeout=10).json()["id"]
    synced.cli.json("pull")
    # The heir is erased: nothing in the CRM tells of the merge any more.
    assert requests.post(url + "purge", json={"object": "companies", "id": made}, timeout=10).ok
    files = [p for p in synced.cli.folder.rglob("warehouse.duckdb*") if p.is_file()]
    assert files
    for file in files:
        file.unlink()
    synced.cli.json("pull")
    known = synced.query("SELECT old_id, new_id FROM merges ORDER BY old_id")
    assert [tuple(r) for r in known] == sorted((str(r[0]), str(made)) for r in rows)
