"""What every reader does: no row is missing, none is doubled, and a kill costs nothing."""

from collections.abc import Callable

import pytest
from support.contract_base import ADMIN, ContractBase, Org, pulled, rows

from sales_consultant.config.conditions import from_option
from sales_consultant.config.errors import ConfigError, UsageError
from sales_consultant.sync.pull import pull
from sales_consultant.sync.stores.warehouse import Warehouse


class ReaderContract(ContractBase):
    """What every reader does: no row is missing, none is doubled, and a kill costs nothing."""

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

    def test_what_was_pulled_is_read_without_the_crm(self, org: Org) -> None:
        w = pulled(org.connector())
        account = rows(w, "SELECT currency, time_zone FROM org")
        w.con.execute("CREATE OR REPLACE VIEW org AS SELECT NULL AS currency, NULL AS time_zone")
        later = org.connector()
        w._views = []
        w.make_views_as_pulled(later)
        assert rows(w, "SELECT currency, time_zone FROM org") == account
        assert later.calls.total == 0

    def test_goals_come_with_their_owner_amount_and_period(self, org: Org) -> None:
        w = pulled(org.connector())
        found = rows(
            w,
            "SELECT o.email, g.excluded, CASE g.excluded WHEN '' THEN g.amount END, g.part, "
            "strftime(make_timestamp(g.start_at * 1000), '%Y-%m-%d'), strftime(make_timestamp(g.end_at * 1000), '%Y-%m-%d') "
            "FROM goals g JOIN owners o ON o.id = g.owner_id ORDER BY 1, 2",
        )
        quarter = ("", "2024-04-01", "2024-06-30")
        assert [(a, b, None if c is None else str(c), *rest) for a, b, c, *rest in found] == [
            ("ann@seller.example", "", "5000.50", *quarter),
            ("ann@seller.example", "not_revenue", None, *quarter),
            ("bo@seller.example", "", None, "", "2024-04-01", "2024-04-30"),
        ]
        assert not w.state("goals").going

    def test_goals_that_may_not_be_read_are_named_and_leave_the_rest(self, org: Org) -> None:
        w = pulled(org.connector())
        connector = org.connector(self.without_goals(org))
        done = pull(connector, w, until=connector.now())
        assert set(done.not_permitted) == {"goals"}
        # What was read before stays, and the state says that it is not of now.
        assert rows(w, "SELECT count(*) FROM goals") == [(3,)]
        assert w.state("goals").going
        assert rows(w, "SELECT count(*) FROM companies") == [(2,)]

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
