"""What every provisioner and the diagnostics do: made once, taken away whole, said plainly."""

from dataclasses import replace

from support.contract_base import ContractBase, Org, pulled

from sales_consultant.config.fields.catalogue import fields
from sales_consultant.sync.pull import pull


class ProvisionerContract(ContractBase):
    """What every provisioner and the diagnostics do: made once, taken away whole, said plainly."""

    def test_fields_are_made_once(self, org: Org) -> None:
        chosen = fields("all", self.objects)
        planned = org.connector().provision(chosen, dry=True)
        assert "would create" in {s.state for s in planned}
        assert org.connector().unwritable("deals", chosen["deals"]), "a dry run makes nothing"
        made = org.connector().provision(chosen, dry=False)
        assert {s.state for s in made} <= {"created", "exists"}
        again = org.connector().provision(chosen, dry=False)
        assert {s.state for s in again} == {"exists"}
        connector = org.connector()
        for obj, mine in chosen.items():
            assert connector.unwritable(obj, [f for f in mine if not f.people_write]) == {}

    def test_a_description_tells_of_the_last_run(self, ready: Org) -> None:
        """Noted once a change, in place of the note before; the field is ours as before."""
        connector = ready.connector()
        score = next(f for f in fields("minimal", ["deals"])["deals"] if f.key == "score")
        first = connector.note("deals", score, "2024-06-01: 5 records")
        assert "[last run 2024-06-01: 5 records]" in first and score.help in first
        second = connector.note("deals", score, "2024-06-02: 6 records")
        assert second == first.replace("06-01: 5", "06-02: 6")
        writes = connector.calls.by_kind.get("write", 0)
        assert connector.note("deals", score, "2024-06-02: 6 records") == second
        assert connector.calls.by_kind.get("write", 0) == writes
        again = connector.provision(fields("minimal", ["deals"]), dry=False)
        assert {s.state for s in again} == {"exists"}
        gone = connector.remove(fields("minimal", ["deals"]), dry=True)
        assert "left" not in {s.state for s in gone if s.kind in ("property", "field")}

    def test_what_is_made_goes_away_and_comes_back(self, ready: Org) -> None:
        chosen = fields("all", self.objects)
        connector = ready.connector()
        planned = connector.remove(chosen, dry=True)
        assert {s.state for s in planned} == {"would remove"}
        assert connector.unwritable("deals", [f for f in chosen["deals"] if not f.people_write]) == {}
        done = connector.remove(chosen, dry=False)
        assert {s.state for s in done} == {"removed"}
        assert [s.name for s in done] == [s.name for s in planned]
        assert connector.remove(chosen, dry=False) == []
        assert len(connector.unwritable("deals", chosen["deals"])) == len(chosen["deals"])
        assert "refused" not in {s.state for s in connector.provision(chosen, dry=False)}
        assert connector.unwritable("deals", [f for f in chosen["deals"] if not f.people_write]) == {}

    def test_a_field_of_another_type_is_refused_and_the_others_made(self, org: Org) -> None:
        chosen = fields("minimal", ["deals"])
        odd = tuple(replace(f, type="text") if f.key == "score" else f for f in chosen["deals"])
        org.connector().provision({"deals": odd}, dry=False)
        connector = org.connector()
        steps = {s.name.rpartition(".")[2]: s for s in connector.provision(chosen, dry=False)}
        told = steps[connector.field_name("deals", chosen["deals"][0])]
        assert told.state == "refused"
        assert "choose another name" in told.text
        assert steps[connector.field_name("deals", chosen["deals"][1])].state == "exists"

    def test_what_hands_must_do_and_what_uses_the_fields_is_said(self, ready: Org) -> None:
        connector = ready.connector()
        assert len(connector.guide()) >= 2
        uses, not_told = connector.uses(fields("all", self.objects))
        assert uses == []
        assert not_told.endswith((".", "?"))

    def test_an_admin_sees_all_rows_and_no_other_sync(self, ready: Org) -> None:
        connector = ready.connector()
        assert connector.hidden_rows() == {}
        assert connector.other_sync() == []

    def test_assumptions_are_asked_without_a_change(self, ready: Org) -> None:
        connector = ready.connector()
        w = pulled(connector)
        ready.control("clock", advance=1200)
        held = connector.assumptions()
        assert len(held) > 8
        assert not [a for a in held if "not answered" in a.seen]
        done = pull(connector, w, until=connector.now())
        assert {
            n for s, n in done.rows.items() if s in {x.name for x in connector.streams() if x.mode == "delta"}
        } <= {0}

    def test_check_names_what_is_missing_until_it_is_there(self, org: Org) -> None:
        chosen = fields("minimal", self.objects)
        before = org.connector().check(chosen)
        assert any(f.state == "next" and "score" in f.text and "provision" in f.action for f in before)
        assert [f for f in before if f.state == "missing"] == [], (
            "nothing is refused before the fields are made"
        )
        org.connector().provision(chosen, dry=False)
        assert [f for f in org.connector().check(chosen) if f.state in ("missing", "next")] == []

    # -- push and read back --------------------------------------------------------------------------------------
