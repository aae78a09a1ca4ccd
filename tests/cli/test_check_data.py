"""`check --data` on a portal: what is wrong with its records, told and not touched."""

import pytest
from support.office import Office


def test_before_a_pull_there_is_nothing_to_look_at(desk: Office) -> None:
    assert "Nothing was pulled yet" in desk.cli.run("check", "--data", code=2).err


@pytest.mark.slow
def test_a_second_company_of_a_domain_is_found_and_left_alone(synced: Office) -> None:
    there = [r for r in synced.sandbox.store.each("hubspot", "companies") if r.values().get("domain")]
    first, second = there[:2]
    synced.set("companies", second.id, domain=str(first.values()["domain"]))
    synced.cli.json("pull")
    held, calls = synced.held(), synced.calls()
    found = synced.cli.json("check", "--data")
    (same,) = [f for f in found["findings"] if f["what"] == "the same domain"]
    assert {s["record_id"] for s in same["suspects"]} >= {first.id, second.id}
    assert (same["kind"], same["object"], same["groups"]) == ("duplicates", "companies", 1)
    assert found["looked_at"]["companies"] == same["of"]
    assert "companies: the same domain" in synced.cli.run("check", "--data").out
    # Each command asks once whose portal it is; everything else comes from the warehouse.
    assert synced.held() == held and synced.calls() - calls <= 2
