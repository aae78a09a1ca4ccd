"""What every writer does: one outcome a record, told by the CRM itself."""

import pytest
from support.contract_base import ContractBase, Org, pulled, rows, write

from sales_consultant.config.errors import AccessError, CrmUnavailableError
from sales_consultant.config.fields.catalogue import fields
from sales_consultant.config.neutral import field_column
from sales_consultant.connectors.base import Change, Outcome


class WriterContract(ContractBase):
    """What every writer does: one outcome a record, told by the CRM itself."""

    def test_what_was_written_is_read_back_the_same(self, ready: Org) -> None:
        connector = ready.connector()
        w = pulled(connector)
        record_id = rows(w, "SELECT id FROM deals WHERE name = 'Beta tills'")[0][0]
        values = {
            "score": "72",
            "grade": "A",
            "top_reason": "3 meetings — <b>so</b> 😀",
            "probability": "0.6124",
            "trend": "rising",
            "reasons": "one: +12\neverything else: +10",
            "expected_value": "1234.50",
            "next_step_due": "2024-06-03",
            "scored_at": "2024-06-01T00:00:00Z",
        }
        assert [o.state for o in write(connector, Change("deals", record_id, values))] == ["done"]
        chosen = [f for f in fields("all", ["deals"])["deals"] if f.key in values]
        held = next(iter(connector.read_back("deals", [record_id], chosen)))
        assert held.values == values
        emptied = dict.fromkeys(values)
        assert [o.state for o in write(connector, Change("deals", record_id, emptied))] == ["done"]
        held = next(iter(connector.read_back("deals", [record_id], chosen)))
        assert held.values == emptied

    def test_a_pull_brings_our_own_fields_back(self, ready: Org) -> None:
        connector = ready.connector()
        w = pulled(connector)
        record_id = rows(w, "SELECT id FROM deals WHERE name = 'Beta tills'")[0][0]
        write(connector, Change("deals", record_id, {"score": "72", "probability": "0.6124"}))
        ready.control("clock", advance=60)
        pulled(connector, w)
        table, condition = connector.raw("deals")
        for field in fields("all", ["deals"])["deals"]:
            if field.key in ("score", "probability"):
                name = field_column(connector.field_name("deals", field))
                (text,) = rows(w, f"SELECT \"{name}\" FROM {table} WHERE {condition} AND id = '{record_id}'")[
                    0
                ]
                assert connector.parse(field, text) == {"score": "72", "probability": "0.6124"}[field.key]

    def test_one_bad_record_holds_up_no_other(self, ready: Org) -> None:
        connector = ready.connector()
        w = pulled(connector)
        good = [r[0] for r in rows(w, "SELECT id FROM deals ORDER BY name")]
        outcomes = write(
            connector,
            Change("deals", good[0], {"score": "61"}),
            Change("deals", good[1], {"grade": "not a grade"}),
        )
        by_id = {o.record_id: o for o in outcomes}
        assert by_id[good[0]].state == "done"
        assert by_id[good[1]].state == "dead"
        assert by_id[good[1]].message

    def test_a_record_that_is_gone_is_a_dead_letter_and_never_made(self, ready: Org) -> None:
        connector = ready.connector()
        w = pulled(connector)
        record_id = rows(w, "SELECT id FROM deals WHERE name = 'Beta tills'")[0][0]
        self.archive(ready, "deals", record_id)
        before = w.count("deals")
        assert [o.state for o in write(connector, Change("deals", record_id, {"score": "50"}))] == ["dead"]
        chosen = fields("minimal", ["deals"])["deals"]
        assert not next(iter(connector.read_back("deals", [record_id], chosen))).found
        assert pulled(connector).count("deals") <= before

    def test_a_lost_answer_is_not_known_and_read_back(self, ready: Org) -> None:
        connector = ready.connector()
        w = pulled(connector)
        record_id = rows(w, "SELECT id FROM deals WHERE name = 'Beta tills'")[0][0]
        ready.fault(kind="lost", path=self.push_path)
        assert [o.state for o in write(connector, Change("deals", record_id, {"score": "66"}))] == ["unknown"]
        chosen = fields("minimal", ["deals"])["deals"]
        assert next(iter(connector.read_back("deals", [record_id], chosen))).values["score"] == "66"

    @pytest.mark.parametrize("status", [429, 503])
    def test_a_refusal_that_passes_is_tried_again(self, ready: Org, status: int) -> None:
        connector = ready.connector()
        w = pulled(connector)
        record_id = rows(w, "SELECT id FROM deals WHERE name = 'Beta tills'")[0][0]
        ready.fault(kind="status", status=status, path=self.push_path, retry_after=0)
        assert [o.state for o in write(connector, Change("deals", record_id, {"score": "67"}))] == ["done"]

    def test_one_call_for_each_full_batch(self, ready: Org) -> None:
        connector = ready.connector()
        w = pulled(connector)
        ids = [r[0] for r in rows(w, "SELECT id FROM deals")]
        before = connector.calls.by_kind.get("write", 0)
        write(connector, *(Change("deals", i, {"score": "70"}) for i in ids))
        assert connector.calls.by_kind["write"] - before == 1

    def test_a_record_twice_is_our_defect(self, ready: Org) -> None:
        with pytest.raises(ValueError, match="twice"):
            write(
                ready.connector(), Change("deals", "1", {"score": "1"}), Change("deals", "1", {"score": "2"})
            )

    def test_records_come_in_the_order_they_were_given(self, ready: Org) -> None:
        connector = ready.connector()
        w = pulled(connector)
        ids = [r[0] for r in rows(w, "SELECT id FROM deals ORDER BY name DESC")]
        found = write(connector, *(Change("deals", i, {"score": "71"}) for i in ids))
        assert [o.record_id for o in found] == ids

    def test_a_field_that_is_gone_kills_its_changes_in_few_calls_and_no_other(self, ready: Org) -> None:
        connector = ready.connector()
        w = pulled(connector)
        ids = [r[0] for r in rows(w, "SELECT id FROM contacts WHERE source_object = 'Contact' ORDER BY id")]
        gone = tuple(f for f in fields("all", ["contacts"])["contacts"] if f.key == "trend")
        assert {s.state for s in ready.connector().remove({"contacts": gone}, dry=False)} <= {
            "removed",
            "left",
        }
        # Permissions went along, and come back for the fields that are left.
        rest = tuple(f for f in fields("all", ["contacts"])["contacts"] if f not in gone)
        ready.connector().provision({"contacts": rest}, dry=False)
        before = connector.calls.by_kind.get("write", 0)
        found = {
            o.record_id: o
            for o in write(
                connector,
                Change("contacts", ids[0], {"score": "72"}),
                Change("contacts", ids[1], {"trend": "rising"}),
            )
        }
        assert found[ids[0]].state == "done"
        assert found[ids[1]].state == "dead"
        assert found[ids[1]].message
        assert connector.calls.by_kind["write"] - before <= 3

    def test_nothing_is_left_of_a_job_that_is_not_known(self, ready: Org) -> None:
        connector = ready.connector()
        change = Change("deals", "1", {"score": "1"})
        assert [o for o in connector.resume("750000000000000AAA", [change]) if o.state == "done"] == []

    # -- permission ----------------------------------------------------------------------------------------------

    def test_a_read_only_user_reads_all_and_writes_nothing(self, ready: Org) -> None:
        connector = ready.connector(self.read_only(ready))
        w = pulled(connector)
        assert w.count("deals") == 2
        record_id = rows(w, "SELECT id FROM deals WHERE name = 'Beta tills'")[0][0]
        outcomes: list[Outcome] = []
        try:
            outcomes = write(connector, Change("deals", record_id, {"score": "70"}))
        except AccessError as e:
            assert e.action
        assert "done" not in {o.state for o in outcomes}
        chosen = fields("minimal", ["deals"])["deals"]
        assert next(iter(ready.connector().read_back("deals", [record_id], chosen))).values["score"] is None

    def test_a_dead_server_is_said_plainly(self, org: Org) -> None:
        connector = org.connector()
        org.fault(kind="status", status=503, path=".*", times=50)
        with pytest.raises(CrmUnavailableError) as e:
            connector.identity()
        assert e.value.code == 4
        assert "<html" not in e.value.message.lower()
