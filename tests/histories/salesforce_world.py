"""What a Salesforce org truly holds, straight from the sandbox's own store, against what was pulled."""

import json
from typing import Any

from histories.salesforce_people import SalesforcePeople
from histories.salesforce_records import NUMBERS, READ, STAMPED
from histories.world import Difference, compare

from sales_consultant.sync.stores.warehouse import Warehouse


class SalesforceWorld(SalesforcePeople):
    """An org, its users, and the differences."""

    def rows_differ(self, w: Warehouse, *, settled: bool) -> list[Difference]:
        found: list[Difference] = []
        for object in READ:
            found += self._object(w, object, settled)
        return found

    def _object(self, w: Warehouse, object: str, settled: bool) -> list[Difference]:
        held = self.field_names(w, f"raw_{object}")
        known = self.org.fields(object)
        # A history says nothing of its own when its record is merged: no stamp moves.
        loose = object.endswith("History")
        calculated = {n for n, f in known.items() if f.formula}
        names = [
            n
            for n in known
            if n in held
            and n not in STAMPED
            and (settled or n not in calculated)
            and n not in self._hidden(object)
            and not (loose and n.endswith("Id"))
        ]
        truth: dict[str, dict[str, Any]] = {}
        for id, text, created, modified, archived in self.sandbox.store.rows(
            "SELECT id, properties, created, modified, archived FROM records WHERE vendor = 'salesforce' AND object = ?",
            (object,),
        ):
            values = json.loads(text)
            truth[id] = {n: self._text(known[n].type, values.get(n)) for n in names}
            truth[id] |= {"_created": created // 1000 * 1000, "_archived": bool(archived)}
            if "SystemModstamp" in known or "LastModifiedDate" in known:
                truth[id]["_modified"] = modified // 1000 * 1000
        missing = set(self.fields.get(object, ())) - held
        if missing and truth:
            return [Difference(object, "", f"columns {missing} are not held")]
        mine = self.fields_of(w, f"raw_{object}", names, ("_created", "_archived", "_modified"))
        return compare(
            object, truth, mine, gone=lambda id, row: not settled or row["_archived"], odd=self.was_odd
        )

    def never_odd(self, name: str) -> bool:
        return super().never_odd(name) or name.endswith("Id") or name in ("Field", "OldValue", "NewValue")

    def _hidden(self, object: str) -> set[str]:
        return {n for o, n, _ in self.ungranted if o == object}

    @staticmethod
    def _text(kind: str, value: Any) -> str | None:
        if kind == "boolean":
            return "true" if value else "false"
        if value is None or value == "":
            return None
        if kind in NUMBERS and float(value) == int(float(value)):
            return str(int(float(value)))
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        return str(value)

    def rest_differs(self, w: Warehouse) -> list[Difference]:
        found: list[Difference] = []
        for table, objects in (
            ("companies", ("Account",)),
            ("contacts", ("Contact", "Lead")),
            ("deals", ("Opportunity",)),
            ("activities", ("Task", "Event")),
        ):
            alive = {i for _, i in self.live(*objects)}
            mine = {r[0] for r in w.con.execute(f"SELECT id FROM {table} WHERE NOT deleted").fetchall()}
            found += self.same(f"neutral {table}", alive, mine)
        return found + self._merged(w) + self._links(w)

    def _merged(self, w: Warehouse) -> list[Difference]:
        held = {r[0]: {"new": r[1]} for r in w.con.execute("SELECT old_id, new_id FROM merges").fetchall()}
        known = self.merges | {old: new for old, new in self.faded.items() if old in held}
        truth = {}
        for old, new in known.items():
            while new in known:
                new = known[new]
            truth[old] = {"new": new}
        return compare("merges", truth, held)

    def _links(self, w: Warehouse) -> list[Difference]:
        live = {i for _, i in self.live()}
        truth: dict[str, dict[str, Any]] = {}

        def each(object: str) -> Any:
            for id, text in self.sandbox.store.rows(
                "SELECT id, properties FROM records WHERE vendor = 'salesforce' AND object = ? AND archived = 0",
                (object,),
            ):
                yield id, json.loads(text)

        for _, v in each("OpportunityContactRole"):
            truth[f"deal {v['OpportunityId']} contact {v['ContactId']}"] = {}
        for id, v in each("Contact"):
            if v.get("AccountId"):
                truth[f"contact {id} company {v['AccountId']}"] = {}
        for object in ("Task", "Event"):
            for id, v in each(object):
                if v.get("WhoId"):
                    truth[f"activity {id} contact {v['WhoId']}"] = {}
                if (v.get("WhatId") or "").startswith("006"):
                    truth[f"activity {id} deal {v['WhatId']}"] = {}
                if v.get("AccountId"):
                    truth[f"activity {id} company {v['AccountId']}"] = {}
        truth = {k: {} for k in truth if k.split()[1] in live and k.split()[3] in live}
        leads = {
            i for (i,) in self.sandbox.store.rows(
                "SELECT id FROM records WHERE object = 'Lead' AND json_extract(properties, '$.IsConverted')"
            )
        }  # fmt: skip
        mine: dict[str, dict[str, Any]] = {}
        for a, i, b, j in w.con.execute(
            "SELECT from_object, from_id, to_object, to_id FROM associations"
        ).fetchall():
            # What a converted lead had of its own is given back to it beside the contact.
            if i in live and j in live and j not in leads:
                mine[f"{a} {i} {b} {j}"] = {}
        truth = {k: {} for k in truth if k.split()[3] not in leads}
        return compare("associations", truth, mine)
