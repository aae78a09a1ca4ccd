"""What every connector owes: one test class, run against each CRM over HTTP on the sandbox."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
import requests
from support.sandbox_company import CLOCK, FILES, write_folder

from sales_consultant.config.catalogue import fields
from sales_consultant.config.conditions import from_option
from sales_consultant.config.errors import AccessError, ConfigError, CrmUnavailableError, UsageError
from sales_consultant.config.neutral import field_column
from sales_consultant.connectors.base import Change, Connector, Outcome
from sales_consultant.sandbox.serving.server import Sandbox
from sales_consultant.sync.pull import pull
from sales_consultant.sync.stores.warehouse import Warehouse

ADMIN = "an-admins-token-for-tests"


@dataclass
class Org:
    """A sandbox org with the small company, and connectors to it."""

    sandbox: Sandbox
    open: Callable[[str], Connector]

    def connector(self, token: str = ADMIN) -> Connector:
        return self.open(token)

    def control(self, action: str, **body: Any) -> Any:
        answer = requests.post(f"{self.sandbox.url}/_sandbox/{action}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def fault(self, **body: Any) -> None:
        self.control("faults", **body)


def pulled(connector: Connector, warehouse: Warehouse | None = None) -> Warehouse:
    """A warehouse brought up to the CRM's now."""
    warehouse = warehouse or Warehouse(None)
    pull(connector, warehouse, until=connector.now())
    return warehouse


def rows(warehouse: Warehouse, query: str) -> list[tuple[Any, ...]]:
    return warehouse.con.execute(query).fetchall()


def write(connector: Connector, *changes: Change) -> list[Outcome]:
    return list(connector.push(changes, remember=lambda job: None))


class ConnectorContract:
    """Subclasses say how to open a connector, how a person edits a record, and how to make a weaker user."""

    crm: ClassVar[str]
    push_path: ClassVar[str]
    # What the CRM calls a deal's amount and stage.
    compared: ClassVar[tuple[str, str]]
    objects: ClassVar[tuple[str, ...]]
    currency: ClassVar[str] = "EUR"

    def open(self, url: str, token: str) -> Connector:
        raise AssertionError("a contract's subclass opens its connector")

    def edit(self, org: Org, object: str, record_id: str, **values: Any) -> None:
        """A person changes neutral columns of a record in the CRM."""
        raise AssertionError("a contract's subclass edits records")

    def archive(self, org: Org, object: str, record_id: str) -> None:
        raise AssertionError("a contract's subclass archives records")

    def read_only(self, org: Org) -> str:
        """A token that may read all and write nothing."""
        raise AssertionError("a contract's subclass makes users")

    @pytest.fixture
    def org(self, tmp_path: Path) -> Iterator[Org]:
        folder = tmp_path / "data"
        folder.mkdir()
        write_folder(folder, FILES)
        made: list[Connector] = []
        with Sandbox(data=folder, clock=CLOCK, crms=(self.crm,)) as sandbox:

            def open_one(token: str) -> Connector:
                made.append(self.open(sandbox.url, token))
                return made[-1]

            yield Org(sandbox, open_one)
            for connector in made:
                connector.close()

    @pytest.fixture
    def ready(self, org: Org) -> Org:
        """An org whose fields are made."""
        org.connector().provision(fields("all", self.objects), dry=False)
        return org

    # -- who answers ---------------------------------------------------------------------------------------------

    def test_the_same_org_answers_with_the_same_identity(self, org: Org) -> None:
        first, second = org.connector().identity(), org.connector("another-token-of-the-org").identity()
        assert (first.crm, first.id, first.kind) == (second.crm, second.id, second.kind)
        assert first.id

    def test_the_clock_is_the_crm_s(self, org: Org) -> None:
        connector = org.connector()
        now = connector.now()
        assert abs(now - org.sandbox.clock.now_ms()) < 5000
        assert 0 <= now - connector.latest() < 1000

    def test_no_address_but_the_vendor_s_gets_the_token(self, org: Org) -> None:
        for url in ("https://crm.example", "http://crm.example", "ftp://127.0.0.1"):
            with pytest.raises(ConfigError, match="not an address of the CRM"):
                self.open(url, ADMIN)

    # -- pull ----------------------------------------------------------------------------------------------------

    def test_a_pull_holds_what_the_folder_held(self, org: Org) -> None:
        w = pulled(org.connector())
        assert rows(w, "SELECT name, domain FROM companies ORDER BY name") == [
            ("Acme", "acme.example"),
            ("Beta & Söhne", "beta.example"),
        ]
        people = dict(rows(w, "SELECT email, last_name FROM contacts WHERE source_object = 'Contact'"))
        assert people["pia@acme.example"] == "Ünal"
        assert people["quy@beta.example"] == "<b>Trần</b>"
        deals = rows(
            w, "SELECT name, amount, currency, is_won, is_closed, closed_at FROM deals ORDER BY name"
        )
        assert [str(v) for v in deals[0]] == [
            "Acme seats",
            "1000.50",
            self.currency,
            "True",
            "True",
            "1709287200000",
        ]
        assert deals[1][:5] == ("Beta tills", None, self.currency, False, False)

    def test_history_activities_and_links_come_along(self, org: Org) -> None:
        w = pulled(org.connector())
        stages = rows(
            w,
            "SELECT s.label, h.changed_at FROM deal_history h JOIN deals d ON d.id = h.deal_id JOIN "
            "(SELECT DISTINCT stage, label FROM stages) s ON s.stage = h.stage WHERE d.name = 'Acme seats' ORDER BY 2",
        )
        assert [s for s, _ in stages] == ["New", "Offer", "Won"]
        assert [t for _, t in stages] == sorted(t for _, t in stages)
        kinds = rows(w, "SELECT type, direction FROM activities ORDER BY type, direction")
        assert {("call", "outbound"), ("email", "inbound"), ("meeting", None)} <= set(kinds)
        planned = rows(w, "SELECT occurred_at, known_at FROM activities WHERE type = 'meeting'")[0]
        assert planned[0] > org.sandbox.clock.now_ms() > planned[1]
        linked = rows(
            w,
            "SELECT count(*) FROM associations a JOIN activities v ON v.id = a.from_id JOIN deals d ON d.id = a.to_id "
            "WHERE a.from_object = 'activity' AND a.to_object = 'deal'",
        )
        assert linked[0][0] >= 3
        # A CRM's ids are unique within one type only: nobody's e-mail may become somebody else's.
        assert rows(w, "SELECT count(*) - count(DISTINCT id) FROM activities") == [(0,)]
        whose = rows(
            w,
            "SELECT v.type, d.name FROM associations a JOIN activities v ON v.id = a.from_id JOIN deals d ON d.id = a.to_id "
            "WHERE a.from_object = 'activity' AND a.to_object = 'deal' ORDER BY 1, 2",
        )
        assert whose == [("call", "Acme seats"), ("email", "Beta tills"), ("meeting", "Beta tills")]
        on_deal = rows(
            w, "SELECT count(*) FROM associations WHERE from_object = 'deal' AND to_object = 'contact'"
        )
        assert on_deal[0][0] == 3
        assert rows(w, "SELECT count(*) FROM line_items i JOIN deals d ON d.id = i.deal_id") == [(1,)]

    def test_custom_fields_keep_name_and_type(self, org: Org) -> None:
        w = pulled(org.connector())
        described = {
            r[0]: r[1] for r in rows(w, "SELECT column_name, type FROM fields WHERE custom AND NOT ours")
        }
        assert described["c_page_views"] == "number"
        views = rows(
            w,
            "SELECT c_page_views FROM contacts WHERE email = 'pia@acme.example' AND source_object = 'Contact'",
        )
        assert views == [(12.0,)]
        past = rows(w, "SELECT value FROM field_history WHERE field = 'c_page_views' ORDER BY changed_at")
        assert "3" in {v for (v,) in past}

    def test_a_second_pull_reads_only_what_changed(self, org: Org) -> None:
        connector = org.connector()
        w = pulled(connector)
        whole = connector.calls.total
        org.control("clock", advance=3600)
        record_id = rows(w, "SELECT id FROM deals WHERE name = 'Beta tills'")[0][0]
        self.edit(org, "deals", record_id, amount="777.25")
        before = connector.calls.total
        done = pull(connector, w, until=connector.now())
        deltas = {s.name for s in connector.streams() if s.mode == "delta"}
        assert sum(n for stream, n in done.rows.items() if stream in deltas) <= 3
        assert connector.calls.total - before <= whole
        assert [str(a) for (a,) in rows(w, f"SELECT amount FROM deals WHERE id = '{record_id}'")] == [
            "777.25"
        ]

    def test_rows_that_are_late_are_still_found(self, org: Org) -> None:
        """A row may appear with a stamp from before the last pull: the next one overlaps."""
        connector = org.connector()
        w = pulled(connector)
        record_id = rows(w, "SELECT id FROM deals WHERE name = 'Beta tills'")[0][0]
        self.edit(org, "deals", record_id, amount="5")
        org.control("clock", advance=300)
        pulled(connector, w)
        assert [str(a) for (a,) in rows(w, f"SELECT amount FROM deals WHERE id = '{record_id}'")] == ["5.00"]

    def test_records_are_found_by_conditions(self, org: Org) -> None:
        """Every comparison, as the rows of a pull say themselves; checked against describe before anything is read."""
        connector = org.connector()
        held = pulled(connector)
        stream = connector.raw("deals")[0].removeprefix("raw_")
        amount, stage = self.compared
        everything = {str(i): (a, s) for i, a, s in rows(held, "SELECT id, amount, stage FROM deals")}

        def found(*conditions: str, after: str = "", since: int | None = None) -> list[str]:
            where = [from_option(c) for c in conditions]
            pages = connector.find(stream, where, since=since, until=connector.now(), after=after)
            return [i for ids, _ in pages for i in ids]

        def wanted(keep: Callable[[float | None, str], bool]) -> set[str]:
            return {i for i, (a, s) in everything.items() if keep(None if a is None else float(a), s)}

        assert set(found()) == set(everything)
        assert set(found(f"{amount}>=1000.5")) == wanted(lambda a, _: a is not None and a >= 1000.5)
        assert set(found(f"{amount}<1000.5")) == wanted(lambda a, _: a is not None and a < 1000.5)
        assert set(found(f"{amount}!=1000.5")) == wanted(lambda a, _: a != 1000.5), "a gap is not equal"
        options = sorted({s for _, s in everything.values()})
        assert set(found(f"{stage}={options[0]}")) == wanted(lambda _, s: s == options[0])
        assert set(found(f"{stage} in {','.join(options)}")) == set(everything)
        assert found(f"{stage}={options[0]}", f"{stage}!={options[0]}") == []
        first, *rest = found()
        assert found(after=first) == rest
        assert found(since=connector.now() + 60_000) == []
        for wrong in (f"{amount}=much", f"{stage}>3", "amonut=3"):
            with pytest.raises(UsageError) as e:
                found(wrong)
            assert e.value.action

    def test_an_archived_record_stays_marked(self, org: Org) -> None:
        connector = org.connector()
        w = pulled(connector)
        record_id = rows(w, "SELECT id FROM contacts WHERE email = 'quy@beta.example'")[0][0]
        org.control("clock", advance=60)
        self.archive(org, "contacts", record_id)
        pulled(connector, w)
        assert rows(w, f"SELECT deleted FROM contacts WHERE id = '{record_id}'") == [(True,)]

    def test_a_killed_pull_goes_on_where_it_was(self, org: Org) -> None:
        connector = org.connector()
        whole, broken = pulled(connector), Warehouse(None)
        names = [s.name for s in connector.streams()]
        for stop in range(0, len(names), 5):
            pull(connector, broken, until=connector.now(), objects=[names[stop]])
        pulled(connector, broken)
        for table in (
            "contacts",
            "companies",
            "deals",
            "deal_history",
            "activities",
            "associations",
            "line_items",
        ):
            assert whole.count(table) == broken.count(table), table

    # -- provision -----------------------------------------------------------------------------------------------

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
