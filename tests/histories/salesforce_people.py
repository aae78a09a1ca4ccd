"""People at work in a Salesforce org."""

import json
from random import Random
from typing import Any

from histories.salesforce_records import MADE, MERGED, TEXTS, WITH_FIELDS, SalesforceRecords
from histories.world import Difference, World
from support import taken_names


class SalesforcePeople(SalesforceRecords):
    """What people do in an org."""

    deeds = (
        *World.deeds,
        "archive", "restore", "merge", "purge", "convert", "reparent", "field", "grant", "late", "formula", "equal",
        "owner", "unstage", "expire", "begin", "begin", "commit", "commit",
    )  # fmt: skip

    def do_create(self, r: Random) -> None:
        object = r.choice((*WITH_FIELDS, *MADE))
        for _ in range(r.choice((1, 1, 3, 12))):
            values = self._values(r, object)
            needed = [n for n in values if n.endswith("Id") and object not in (*WITH_FIELDS, "Task", "Event")]
            if all(values[n] for n in needed):
                self._call("POST", f"sobjects/{object}", {k: v for k, v in values.items() if v is not None})

    def _editable(self, r: Random, *objects: str) -> tuple[str, str] | None:
        found = self.live(*objects)
        closed = {
            i
            for i, converted in self.sandbox.store.rows(
                "SELECT id, json_extract(properties, '$.IsConverted') FROM records WHERE object = 'Lead'"
            )
            if converted
        }
        found = [k for k in found if k[1] not in closed]
        return r.choice(found) if found else None

    def do_update(self, r: Random) -> None:
        for _ in range(r.choice((1, 2, 8))):
            picked = self._editable(r, *WITH_FIELDS, "Task", "Event", "Product2", "Campaign")
            if picked:
                values = self._values(r, picked[0])
                names = r.sample(sorted(values), r.randrange(1, len(values) + 1))
                needed = ("Name", "LastName", "Company", "StageName", "CloseDate", "Status", "Subject")
                body = {n: values[n] for n in names if values[n] is not None or n not in needed}
                if body:
                    self._call("PATCH", f"sobjects/{picked[0]}/{picked[1]}", body)

    def do_reparent(self, r: Random) -> None:
        picked = self._editable(r, "Contact", "Opportunity")
        account = self._any(r, "Account")
        if picked and account:
            self._call("PATCH", f"sobjects/{picked[0]}/{picked[1]}", {"AccountId": account})

    def do_archive(self, r: Random) -> None:
        picked = self._editable(r)
        if picked:
            self._call("DELETE", f"sobjects/{picked[0]}/{picked[1]}")

    def do_restore(self, r: Random) -> None:
        found = [k for k in self._records(1, MADE) if k[1] not in self.lately]
        if found:
            _, id = r.choice(found)
            self.sandbox.control("undelete", ids=[id])
            self.merges.pop(id, None)
            self.faded.pop(id, None)

    def do_merge(self, r: Random) -> None:
        object = r.choice(tuple(MERGED))
        found = [i for o, i in self.live(object)]
        rows = self.sandbox.store.rows(
            "SELECT id FROM records WHERE object = 'Lead' AND json_extract(properties, '$.IsConverted')"
        )
        found = [i for i in found if (i,) not in rows]
        if len(found) >= 2:
            master, *losers = r.sample(found, r.choice((2, 3)) if len(found) > 2 else 2)
            self.sandbox.control("merge", master=master, losers=losers)
            self.lately |= dict.fromkeys(losers, master)

    def do_convert(self, r: Random) -> None:
        picked = self._editable(r, "Lead")
        if picked:
            body: dict[str, Any] = {"lead": picked[1]}
            account = self._any(r, "Account")
            if account and r.random() < 0.5:
                body["account"] = account
            if r.random() < 0.3:
                body["opportunity"] = False
            self.sandbox.control("convert", **body)

    def do_purge(self, r: Random) -> None:
        found = [i for _, i in (*self.live(), *self._records(1, MADE)) if i not in self.lately]
        if found:
            self.sandbox.control("purge", ids=[r.choice(found)])

    def do_field(self, r: Random) -> None:
        object = r.choice(WITH_FIELDS)
        name, kind = self.new_name(r, object), r.choice(("Number", "Text", "Formula"))
        meta: dict[str, Any] = {
            "Number": {"label": name, "type": "Number", "precision": 6, "scale": 0},
            "Text": {"label": name, "type": "Text", "length": 255},
            "Formula": {"label": name, "type": "Number", "precision": 6, "scale": 0, "formula": "1 + 1"},
        }[kind]
        self._call("POST", "tooling/sobjects/CustomField", {"FullName": f"{object}.{name}", "Metadata": meta})
        self.ungranted.append((object, name, kind))
        # Somebody else's user sees it and fills it in before ours is granted it.
        if kind != "Formula":
            for id in [i for _, i in self.live(object)][:3]:
                value = r.randrange(100) if kind == "Number" else r.choice(TEXTS)
                self.sandbox.store.write(
                    f"UPDATE records SET properties = json_set(properties, '$.{name}', ?) WHERE vendor = 'salesforce' "
                    "AND id = ?",
                    (value, id),
                )

    def new_name(self, r: Random, object: str) -> str:
        """What somebody calls a new field: now and then as something of ours is called."""
        self.count += 1
        if r.random() < self.odd_names:
            taken = {n.lower() for n in self.org.fields(object)}
            pool = [n for n in taken_names.worst_fields() if n.lower() not in taken]
            if pool:
                return r.choice(pool)
        return f"Own_{self.count}__c"

    def do_unstage(self, r: Random) -> None:
        """A stage that deals may stand in is deleted."""
        if len(self.stages) > 2:
            stage = self.stages.pop(r.randrange(1, len(self.stages)))
            for record in list(self.sandbox.store.each("salesforce", "OpportunityStage")):
                if record.values()["ApiName"] == stage:
                    self.sandbox.store.delete("salesforce", "OpportunityStage", record.id)
            self.org.changed()

    def closed(self) -> set[str]:
        return {
            i
            for i, flag in self.sandbox.store.rows(
                "SELECT id, json_extract(properties, '$.IsClosed') FROM records WHERE object = 'Opportunity'"
            )
            if flag
        }

    def do_grant(self, r: Random) -> None:
        if not self.ungranted:
            return
        object, name, kind = self.ungranted.pop(r.randrange(len(self.ungranted)))
        self.count += 1
        made = self._call(
            "POST", "sobjects/PermissionSet", {"Name": f"Set_{self.count}", "Label": f"Set {self.count}"}
        )
        right = {
            "ParentId": made["id"],
            "SobjectType": object,
            "Field": f"{object}.{name}",
            "PermissionsRead": True,
        }
        self._call("POST", "sobjects/FieldPermissions", {**right, "PermissionsEdit": kind != "Formula"})
        user = self.sandbox.call("GET", "/services/oauth2/userinfo")["user_id"]
        self._call(
            "POST", "sobjects/PermissionSetAssignment", {"AssigneeId": user, "PermissionSetId": made["id"]}
        )
        self.fields[object][name] = kind

    def do_formula(self, r: Random) -> None:
        known = [(o, n) for o, fs in self.fields.items() for n, k in fs.items() if k == "Formula"]
        if known:
            object, name = r.choice(known)
            ids = [i for _, i in self.live(object)]
            values = {i: r.randrange(100) for i in r.sample(ids, min(3, len(ids)))}
            self.sandbox.control("formula", field=f"{object}.{name}", values=values)

    def do_late(self, r: Random) -> None:
        object = r.choice(WITH_FIELDS)
        picked = self._editable(r, object) if r.random() < 0.5 else None
        values = {k: v for k, v in self._values(r, object).items() if v is not None}
        body: dict[str, Any] = {"object": object, "values": values, "seconds": r.choice((5, 120, 590))}
        self.sandbox.control("late", **body, **({"id": picked[1]} if picked else {}))

    def do_begin(self, r: Random) -> None:
        """A transaction that stays open for as long as it likes."""
        object = r.choice(WITH_FIELDS)
        picked = self._editable(r, object) if r.random() < 0.5 else None
        values = {k: v for k, v in self._values(r, object).items() if v is not None}
        body: dict[str, Any] = {"object": object, "values": values, **({"id": picked[1]} if picked else {})}
        self.open[str(self.sandbox.control("begin", **body)["transaction"])] = picked

    def do_commit(self, r: Random) -> None:
        if self.open:
            name = r.choice(sorted(self.open))
            picked = self.open.pop(name)
            alive = set(self.live())
            body = self.org.memory["open"][name]["body"]["values"]
            known = {i for _, i in alive}
            if (picked is None or picked in alive) and all(
                v in known for n, v in body.items() if n.endswith("Id")
            ):
                self.sandbox.control("commit", transaction=name)
            else:
                # Its record is gone: it is rolled back.
                self.org.memory["open"].pop(name)

    def do_equal(self, r: Random) -> None:
        self.sandbox.control("touch", object=r.choice(MADE))

    def do_expire(self, r: Random) -> None:
        self.sandbox.control("expire_locators")

    def do_owner(self, r: Random) -> None:
        self.count += 1
        rows = self.sandbox.store.rows(
            "SELECT id, properties FROM records WHERE object = 'User' ORDER BY id DESC LIMIT 1"
        )
        for id, text in rows:
            values = json.dumps(
                {**json.loads(text), "IsActive": r.random() < 0.7, "LastName": f"U{self.count}"}
            )
            self.sandbox.store.write(
                "UPDATE records SET properties = ?, modified = ? WHERE object = 'User' AND id = ?",
                (values, self.org.now(), id),
            )

    def flood(self, rows: int) -> None:
        at, first = self.org.now(), self.org.new_ids("Contact", rows)
        from sales_consultant.sandbox.salesforce.org import ids

        self.sandbox.store.write_many(
            "INSERT INTO records VALUES ('salesforce', 'Contact', ?, ?, ?, ?, ?, 0, NULL)",
            (
                (ids.make("Contact", first + n), first + n, json.dumps({"LastName": f"n{n}"}), at, at)
                for n in range(rows)
            ),
        )

    # -- what is true --------------------------------------------------------------------------------------------

    def pending(self) -> bool:
        return False

    def after_pull(self) -> list[Difference]:
        for loser, master in self.lately.items():
            self.merges[loser] = master
        self.lately.clear()
        return super().after_pull()

    def step(self, name: str, number: int) -> list[Difference]:
        before = self.sandbox.clock.now_ms()
        found = super().step(name, number)
        if self.sandbox.clock.now_ms() - before > 10 * 86_400_000:
            # Two weeks later the recycle bin is emptied: what nobody read in time is not known.
            self.faded |= self.lately
            self.lately.clear()
        return found
