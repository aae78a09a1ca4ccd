"""People at work in a Salesforce org, and what the org then truly holds, straight from the sandbox's own store."""

import json
from random import Random
from typing import Any

import requests
from histories.world import Difference, World, compare
from support import taken_names
from support.in_process import LocalSandbox

from sales_consultant.config.sections import Connection
from sales_consultant.connectors.base import Connector
from sales_consultant.connectors.salesforce.api.client import SalesforceApi
from sales_consultant.connectors.salesforce.connector import SalesforceConnector
from sales_consultant.connectors.salesforce.reading.pull import Sizes
from sales_consultant.sync.stores.warehouse import Warehouse

BASE = "/services/data/v62.0/"
MERGED = {"Account": "companies", "Contact": "contacts", "Lead": "contacts"}
WITH_FIELDS = ("Account", "Contact", "Lead", "Opportunity")
MADE = (
    *WITH_FIELDS, "Task", "Event", "OpportunityContactRole", "OpportunityLineItem", "Product2", "Campaign",
    "CampaignMember", "EmailMessage",
)  # fmt: skip
READ = (
    *MADE, "OpportunityHistory", "User", "ContactHistory", "LeadHistory", "AccountHistory", "OpportunityFieldHistory",
)  # fmt: skip
TEXTS = ("Ann", "Österberg", "NA", "null", "a\nb", "O'Brien", '"q",', "<b>", "x" * 200)
STAMPED = ("Id", "CreatedDate", "SystemModstamp", "LastModifiedDate", "IsDeleted", "IsArchived")
NUMBERS = ("double", "currency", "percent", "int")


class SalesforceWorld(World):
    """An org and its users."""

    crm = "salesforce"
    created = "CreatedDate"
    deeds = (
        *World.deeds,
        "archive", "restore", "merge", "purge", "convert", "reparent", "field", "grant", "late", "formula", "equal",
        "owner", "unstage", "expire", "begin", "begin", "commit", "commit",
    )  # fmt: skip
    contacts = "Contact"

    def __init__(self, sandbox: LocalSandbox) -> None:
        super().__init__(sandbox)
        self.fields: dict[str, dict[str, str]] = {o: {} for o in WITH_FIELDS}
        self.ungranted: list[tuple[str, str, str]] = []
        self.merges: dict[str, str] = {}
        self.lately: dict[str, str] = {}
        self.faded: dict[str, str] = {}
        """Merges whose losers left the recycle bin before a whole pull: one that died on its way may know them."""
        self.open: dict[str, tuple[str, str] | None] = {}
        self.org = sandbox.world.memory["salesforce"]
        stages = self._call("GET", "query", q="SELECT ApiName FROM OpportunityStage ORDER BY SortOrder")
        self.stages = [s["ApiName"] for s in stages["records"]]
        self.org.set_details(
            tracked={
                "Contact": ["Title"],
                "Lead": ["Status"],
                "Opportunity": ["Amount"],
                "Account": ["Industry"],
            }
        )

    def connector(self, token: str, small: bool) -> Connector:
        sizes = Sizes(rest=7, bulk_from=25, part=4, parts=3) if small else Sizes()
        api = SalesforceApi(Connection(crm="salesforce", url="http://127.0.0.1"), "a-pullers-token")
        api.session.inner.mount("http://", self.sandbox.adapter)
        api.session.inner.mount("https://", self.sandbox.adapter)
        api.transport.sleep = lambda seconds: None
        return SalesforceConnector(api, sizes=sizes, sleep=lambda seconds: None)

    def _call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        return self.sandbox.call(method, BASE + path, body, **query)

    def session(self, connector: Connector) -> requests.Session:
        assert isinstance(connector, SalesforceConnector)
        return connector.api.session.inner

    # -- what people do ------------------------------------------------------------------------------------------

    def live(self, *objects: str) -> list[tuple[str, str]]:
        return self._records(0, objects or MADE)

    def _records(self, archived: int, objects: tuple[str, ...]) -> list[tuple[str, str]]:
        sql = (
            "SELECT object, id FROM records WHERE vendor = 'salesforce' AND archived = ? ORDER BY object, seq"
        )
        return [(o, i) for o, i in self.sandbox.store.rows(sql, (archived,)) if o in objects]

    def _any(self, r: Random, *objects: str) -> str | None:
        found = self.live(*objects)
        return r.choice(found)[1] if found else None

    def _values(self, r: Random, object: str) -> dict[str, Any]:
        text = r.choice(TEXTS)
        day = f"2024-0{r.randrange(1, 10)}-1{r.randrange(10)}"
        made: dict[str, dict[str, Any]] = {
            "Account": {"Name": text[:80], "Industry": r.choice((None, "Retail", "Energy"))},
            "Contact": {
                "LastName": text[:80],
                "Title": r.choice(TEXTS)[:100],
                "AccountId": self._any(r, "Account"),
            },
            "Lead": {
                "LastName": text[:80],
                "Company": "Acme",
                "Status": r.choice(("Open - Not Contacted", "Working - Contacted")),
            },
            "Opportunity": {
                "Name": text[:100],
                "StageName": r.choice(self.stages),
                "CloseDate": day,
                "Amount": r.choice((None, 10, 1000.5, 0)),
                "AccountId": self._any(r, "Account"),
            },
            "Task": {
                "Subject": text[:100],
                "Status": r.choice(("Not Started", "Completed")),
                "ActivityDate": r.choice((day, "2022-01-01")),
                "WhoId": self._any(r, "Contact", "Lead"),
                "WhatId": self._any(r, "Opportunity", "Account"),
            },
            "Event": {
                "Subject": text[:100],
                "StartDateTime": f"{day}T10:00:00Z",
                "DurationInMinutes": 30,
                "WhoId": self._any(r, "Contact"),
            },
            "OpportunityContactRole": {
                "OpportunityId": self._any(r, "Opportunity"),
                "ContactId": self._any(r, "Contact"),
                "Role": "Evaluator",
                "IsPrimary": r.random() < 0.5,
            },
            "OpportunityLineItem": {
                "OpportunityId": self._any(r, "Opportunity"),
                "Product2Id": self._any(r, "Product2"),
                "Quantity": 2,
                "UnitPrice": 3.5,
                "TotalPrice": 7,
            },
            "Product2": {"Name": text[:100], "IsActive": True},
            "Campaign": {"Name": text[:70], "ActualCost": 100},
            "CampaignMember": {"CampaignId": self._any(r, "Campaign"), "ContactId": self._any(r, "Contact")},
            "EmailMessage": {"Subject": text[:100], "Incoming": True, "ActivityId": self._any(r, "Task")},
        }
        values = made[object]
        for name, kind in self.fields.get(object, {}).items():
            if kind != "Formula" and r.random() < 0.6:
                values[name] = r.randrange(100) if kind == "Number" else r.choice(TEXTS)[:100]
        return values

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

    def rows_differ(self, w: Warehouse, *, settled: bool) -> list[Difference]:
        found: list[Difference] = []
        for object in READ:
            found += self._object(w, object, settled)
        return found

    def _object(self, w: Warehouse, object: str, settled: bool) -> list[Difference]:
        held = self.held_fields(w, f"raw_{object}")
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
