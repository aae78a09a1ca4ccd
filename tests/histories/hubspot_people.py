"""People at work in a HubSpot portal."""

import json
from random import Random

from histories.hubspot_records import CORE, LINKED, OBJECTS, PRIMARY, HubSpotRecords
from histories.world import World
from support import taken_names

from sales_consultant.connectors.hubspot.reading.schema import STANDARD


class HubSpotPeople(HubSpotRecords):
    """What people do in a portal."""

    deeds = (
        *World.deeds,
        "archive", "restore", "merge", "erase", "purge", "link", "link", "unlink", "field", "grant", "late", "equal",
        "stage", "owner", "relink", "relink", "unstage", "unowner",
    )  # fmt: skip

    def do_create(self, r: Random) -> None:
        object = r.choice(OBJECTS)
        for _ in range(r.choice((1, 1, 3, 12))):
            made = self.sandbox.call(
                "POST", f"/crm/v3/objects/{object}", {"properties": self._values(r, object)}
            )
            if r.random() < 0.7:
                self._link(r, object, str(made["id"]))

    def do_update(self, r: Random) -> None:
        found = self.live()
        for object, id in r.sample(found, min(len(found), r.choice((1, 2, 8)))):
            self.sandbox.call(
                "PATCH", f"/crm/v3/objects/{object}/{id}", {"properties": self._values(r, object)}
            )

    def do_relink(self, r: Random) -> None:
        """An open deal gets another contact, or loses one; neither record's stamp moves."""
        sql = "SELECT id FROM records WHERE object = 'deals' AND archived = 0 AND json_extract(properties, '$.dealstage') = ?"
        deals, people = self.sandbox.store.rows(sql, (self.stages[0],)), self.live("contacts")
        if not deals:
            values = {"dealname": "D", "pipeline": self.pipeline, "dealstage": self.stages[0]}
            self.sandbox.call("POST", "/crm/v3/objects/deals", {"properties": values})
        elif not people:
            self.sandbox.call("POST", "/crm/v3/objects/contacts", {"properties": {"firstname": "A"}})
        else:
            path = f"/crm/v4/objects/deals/{r.choice(deals)[0]}/associations"
            contact = r.choice(people)[1]
            if r.random() < 0.7:
                self.sandbox.call("PUT", f"{path}/default/contacts/{contact}")
            else:
                self.sandbox.call("DELETE", f"{path}/contacts/{contact}")

    def do_archive(self, r: Random) -> None:
        found = self.live()
        if found:
            object, id = r.choice(found)
            self.sandbox.call("DELETE", f"/crm/v3/objects/{object}/{id}")

    def do_restore(self, r: Random) -> None:
        found = self._records(1, OBJECTS)
        if found:
            object, id = r.choice(found)
            self.sandbox.control("restore", object=object, id=id)

    def do_merge(self, r: Random) -> None:
        object = r.choice(CORE)
        found = self.live(object)
        if len(found) >= 2:
            (_, primary), (_, other) = r.sample(found, 2)
            body = {"primaryObjectId": primary, "objectIdToMerge": other}
            made = self.sandbox.call("POST", f"/crm/v3/objects/{object}/merge", body)
            self.unseen.add((object, str(made["id"])))

    def do_erase(self, r: Random) -> None:
        found = [k for k in self.live("contacts") if k not in self.unseen]
        if found:
            self.sandbox.call(
                "POST", "/crm/v3/objects/contacts/gdpr-delete", {"objectId": r.choice(found)[1]}
            )

    def do_purge(self, r: Random) -> None:
        found = [k for k in (*self.live(), *self._records(1, OBJECTS)) if k not in self.unseen]
        if found:
            object, id = r.choice(found)
            self.sandbox.control("purge", object=object, id=id)

    def _link(self, r: Random, object: str, id: str) -> None:
        pairs = [p for p in LINKED if object in p]
        if not pairs:
            return
        one, two = r.choice(pairs)
        other = two if object == one else one
        found = self.live(other)
        if not found:
            return
        ends = (id, r.choice(found)[1]) if object == one else (r.choice(found)[1], id)
        if (one, two) in PRIMARY and r.random() < 0.5:
            types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": PRIMARY[one, two]}]
            self.sandbox.call("PUT", f"/crm/v4/objects/{one}/{ends[0]}/associations/{two}/{ends[1]}", types)
        else:
            path = f"/crm/v4/objects/{one}/{ends[0]}/associations/default/{two}/{ends[1]}"
            self.sandbox.call("PUT", path)

    def do_link(self, r: Random) -> None:
        found = self.live()
        if found:
            self._link(r, *r.choice(found))

    def do_unlink(self, r: Random) -> None:
        one, two = r.choice(LINKED)
        sql = "SELECT DISTINCT from_id, to_id FROM associations WHERE from_object = ? AND to_object = ? ORDER BY 1, 2"
        found = self.sandbox.store.rows(sql, (one, two))
        if found:
            a, b = r.choice(found)
            self.sandbox.call("DELETE", f"/crm/v4/objects/{one}/{a}/associations/{two}/{b}")

    def do_field(self, r: Random) -> None:
        object = r.choice(CORE)
        gone = list(self.fields[object])
        if gone and r.random() < 0.4:
            name = r.choice(gone)
            self.sandbox.call("DELETE", f"/crm/v3/properties/{object}/{name}")
            del self.fields[object][name]
            return
        name, kind = self.new_name(r, object), r.choice(("number", "string"))
        group = next(iter(self.sandbox.call("GET", f"/crm/v3/properties/{object}/groups")["results"]))["name"]
        body = {
            "name": name,
            "label": name,
            "type": kind,
            "fieldType": {"number": "number", "string": "text"}[kind],
            "groupName": group,
        }
        self.sandbox.call("POST", f"/crm/v3/properties/{object}", body)
        self.fields[object][name] = kind

    def new_name(self, r: Random, object: str) -> str:
        """What somebody calls a new property: now and then as something of ours is called."""
        self.count += 1
        if r.random() < self.odd_names:
            taken = {
                n
                for (n,) in self.sandbox.store.rows(
                    "SELECT name FROM documents WHERE vendor = 'hubspot' AND kind = 'property' AND object = ?",
                    (object,),
                )
            }
            pool = [n for n in taken_names.worst_properties() if n not in taken and n not in STANDARD[object]]
            if pool:
                return r.choice(pool)
        return f"own_{self.count}"

    def do_unstage(self, r: Random) -> None:
        """A stage that deals may stand in is deleted."""
        if len(self.stages) > 2:
            stage = self.stages.pop(r.randrange(1, len(self.stages)))
            self.sandbox.call("DELETE", f"/crm/v3/pipelines/deals/{self.pipeline}/stages/{stage}")

    def do_unowner(self, r: Random) -> None:
        """An owner whose records are still theirs is gone without a trace."""
        found = self.sandbox.store.rows("SELECT id FROM records WHERE object = 'owners' ORDER BY id")
        if found:
            self.sandbox.store.delete("hubspot", "owners", r.choice(found)[0])

    def closed(self) -> set[str]:
        return {
            i
            for i, flag in self.sandbox.store.rows(
                "SELECT id, json_extract(properties, '$.hs_is_closed') FROM records WHERE object = 'deals'"
            )
            if flag == "true"
        }

    def do_grant(self, r: Random) -> None:
        self.denied.symmetric_difference_update({"line_items"})
        # A token with listed scopes is told nothing of what products are made of.
        self.denied.add("products")
        without = ["crm.objects.line_items.read"] if "line_items" in self.denied else []
        self.sandbox.control("users", token="a-pullers-token", without=without)

    def do_late(self, r: Random) -> None:
        self.sandbox.control("lag", seconds=r.choice((0, 10, 60)))

    def do_equal(self, r: Random) -> None:
        self.sandbox.control("touch", object=r.choice(OBJECTS))

    def do_stage(self, r: Random) -> None:
        self.count += 1
        body = {
            "label": f"Stage {self.count}",
            "displayOrder": 9,
            "metadata": {"probability": "0.5", "isClosed": "false"},
        }
        self.sandbox.call("POST", f"/crm/v3/pipelines/deals/{self.pipeline}/stages", body)

    def do_owner(self, r: Random) -> None:
        self.count += 1
        at = self.sandbox.clock.now_ms()
        values = json.dumps(
            {"email": f"o{self.count}@seller.example", "firstName": "O", "userId": str(self.count)}
        )
        sql = "INSERT INTO records VALUES ('hubspot', 'owners', ?, ?, ?, ?, ?, ?, ?)"
        gone = r.random() < 0.3
        self.sandbox.store.write(
            sql, (str(9000 + self.count), 9000 + self.count, values, at, at, int(gone), at if gone else None)
        )

    def flood(self, rows: int) -> None:
        at = self.sandbox.clock.now_ms()
        first = self.sandbox.store.next_seq("hubspot", "contacts", rows, start=20_000_000_000)
        self.sandbox.store.write_many(
            "INSERT INTO records VALUES ('hubspot', 'contacts', ?, ?, ?, ?, ?, 0, NULL)",
            ((str(first + n), first + n, json.dumps({"firstname": f"n{n}"}), at, at) for n in range(rows)),
        )

    # -- what is true --------------------------------------------------------------------------------------------

    def pending(self) -> bool:
        now = self.sandbox.clock.now_ms()
        return bool(self.sandbox.store.rows("SELECT 1 FROM unindexed WHERE until > ? LIMIT 1", (now,)))
