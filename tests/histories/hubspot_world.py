"""People at work in a HubSpot portal, and what the portal then truly holds, straight from the sandbox's own store."""

import json
from random import Random
from typing import Any

import requests
from histories.world import Difference, World, compare, truncate
from support import taken_names
from support.in_process import LocalSandbox

from sales_consultant.connectors.base import Calls, Connector
from sales_consultant.connectors.http.transport import Transport
from sales_consultant.connectors.hubspot.api.client import HubSpotApi
from sales_consultant.connectors.hubspot.connector import HubSpotConnector
from sales_consultant.connectors.hubspot.reading.pull import Sizes
from sales_consultant.connectors.hubspot.reading.schema import STANDARD
from sales_consultant.sync.stores.warehouse import Warehouse

CORE = ("contacts", "companies", "deals")
ACTIVITIES = ("calls", "emails", "meetings", "notes", "tasks", "communications")
OBJECTS = (*CORE, "line_items", "products", *ACTIVITIES, "leads")
SINGULAR = {"contacts": "contact", "companies": "company", "deals": "deal"}
LINKED = (
    ("contacts", "companies"),
    ("deals", "contacts"),
    ("deals", "companies"),
    ("deals", "line_items"),
    *((a, c) for a in ACTIVITIES for c in CORE),
    ("leads", "contacts"),
)
PRIMARY = {("contacts", "companies"): 1, ("deals", "companies"): 5}
STAGES = ("new", "offer", "won", "lost")
TEXTS = ("Ann", "Österberg", "", "NA", "a\nb", "O'Brien", "<b>", "1e3", "x" * 300)


class HubSpotWorld(World):
    """A portal and its users."""

    crm = "hubspot"
    created = "createdAt"
    deeds = (
        *World.deeds,
        "archive", "restore", "merge", "erase", "purge", "link", "link", "unlink", "field", "grant", "late", "equal",
        "stage", "owner", "relink", "relink", "unstage", "unowner",
    )  # fmt: skip

    def __init__(self, sandbox: LocalSandbox) -> None:
        super().__init__(sandbox)
        self.fields: dict[str, dict[str, str]] = {o: {} for o in OBJECTS}
        self.denied: set[str] = set()
        stages = [
            {
                "label": s,
                "stageId": s,
                "displayOrder": n,
                "metadata": {
                    "probability": {"won": "1.0", "lost": "0.0"}.get(s, "0.5"),
                    "isClosed": str(s in ("won", "lost")).lower(),
                },
            }
            for n, s in enumerate(STAGES)
        ]
        body = {"label": "Sales", "pipelineId": "sales", "displayOrder": 0, "stages": stages}
        self.pipeline = str(sandbox.call("POST", "/crm/v3/pipelines/deals", body)["id"])
        made = sandbox.call("GET", f"/crm/v3/pipelines/deals/{self.pipeline}")["stages"]
        self.stages = [str(s["id"]) for s in made]

    def connector(self, token: str, small: bool) -> Connector:
        transport = Transport(
            calls=Calls(), session=self.sandbox.open_session(), sleep=lambda s: None, jitter=Random(1)
        )
        sizes = Sizes(list=7, history=3, search=5, links=4, page=9) if small else Sizes()
        api = HubSpotApi("a-pullers-token", url="http://127.0.0.1", transport=transport)
        return HubSpotConnector(api, read="2026-03", write="2026-03", sizes=sizes)

    def session(self, connector: Connector) -> requests.Session:
        assert isinstance(connector, HubSpotConnector)
        return connector.api.transport.session

    # -- what people do ------------------------------------------------------------------------------------------

    def live(self, *objects: str) -> list[tuple[str, str]]:
        return self._records(0, objects or OBJECTS)

    def _records(self, archived: int, objects: tuple[str, ...]) -> list[tuple[str, str]]:
        sql = "SELECT object, id FROM records WHERE vendor = 'hubspot' AND archived = ? ORDER BY object, seq"
        return [(o, i) for o, i in self.sandbox.store.rows(sql, (archived,)) if o in objects]

    def _values(self, r: Random, object: str) -> dict[str, Any]:
        text = r.choice(TEXTS)
        at = str(self.sandbox.clock.now_ms() - r.randrange(10**9))
        values: dict[str, Any] = {
            "contacts": {
                "firstname": text,
                "lifecyclestage": r.choice(("lead", "customer", "opportunity")),
                "jobtitle": r.choice(TEXTS),
            },
            "companies": {"name": text, "domain": r.choice(("acme.example", "")), "industry": ""},
            "deals": {
                "dealname": text,
                "pipeline": self.pipeline,
                "dealstage": r.choice(self.stages),
                "amount": r.choice(("", "10", "1000.50", "0")),
            },
            "line_items": {"name": text, "quantity": "2", "price": r.choice(("3", "0.1"))},
            "products": {"name": text, "price": "5"},
            "leads": {"hs_lead_name": text, "hs_pipeline_stage": r.choice(("attempting", "connected"))},
            "calls": {"hs_timestamp": at, "hs_call_title": text, "hs_call_direction": "INBOUND"},
            "emails": {"hs_timestamp": at, "hs_email_subject": text},
            "meetings": {"hs_timestamp": at, "hs_meeting_title": text},
            "notes": {"hs_timestamp": at, "hs_note_body": text},
            "tasks": {"hs_timestamp": at, "hs_task_subject": text},
            "communications": {"hs_timestamp": at, "hs_communication_body": text},
        }[object]
        for name, kind in self.fields[object].items():
            if r.random() < 0.6:
                values[name] = str(r.randrange(100)) if kind == "number" else r.choice(TEXTS)
        names = list(values)
        return {n: values[n] for n in names if object == "deals" or r.random() < 0.8 or n == names[0]}

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

    def rows_differ(self, w: Warehouse, *, settled: bool) -> list[Difference]:
        found: list[Difference] = []
        for object in OBJECTS:
            if object not in self.denied:
                found += self._object(w, object, settled)
        return found

    def _object(self, w: Warehouse, object: str, settled: bool) -> list[Difference]:
        sql = "SELECT id, properties, created, modified, archived FROM records WHERE vendor = 'hubspot' AND object = ?"
        defined = {
            n: json.loads(b)
            for n, b in self.sandbox.store.rows(
                "SELECT name, body FROM documents WHERE vendor = 'hubspot' AND kind = 'property' AND object = ?",
                (object,),
            )
        }
        raw = "raw_sales_leads" if object == "leads" else f"raw_{object}"
        held = self.held_fields(w, raw)
        names = [n for n, b in defined.items() if n in held and not b.get("archived")]
        missing = set(self.fields[object]) - held
        truth = {}
        for id, text, created, modified, archived in self.sandbox.store.rows(sql, (object,)):
            values = json.loads(text)
            truth[id] = {n: values.get(n) for n in names if not defined[n].get("calculated")}
            truth[id] |= {"_created": created, "_modified": modified, "_archived": bool(archived)}
        if missing and truth:
            return [Difference(object, "", f"columns {missing} are not held")]
        columns = [n for n in names if not defined[n].get("calculated")]
        mine = self.fields_of(w, raw, columns, ("_created", "_modified", "_archived"))
        # What a person erased or merged away leaves no trace for a delta: only a reconcile marks it.
        merged = {
            r[0] for r in self.sandbox.store.rows("SELECT old_id FROM merges WHERE object = ?", (object,))
        }
        return compare(
            object,
            truth,
            mine,
            gone=lambda id, row: not settled or row["_archived"] or id in merged,
            odd=self.was_odd,
        )

    def rest_differs(self, w: Warehouse) -> list[Difference]:
        found = self._links(w) + self._history(w) + self._merges(w)
        owners = {
            i: {"active": not a}
            for i, a in self.sandbox.store.rows("SELECT id, archived FROM records WHERE object = 'owners'")
        }
        people = self.table(w, "owners", "id", ["active"])
        # One that the CRM lists no more stays known, as somebody who has left.
        found += compare("owners", owners, people, gone=lambda id, row: not row["active"])
        pipeline = json.loads(
            self.sandbox.store.rows(
                "SELECT body FROM documents WHERE vendor = 'hubspot' AND kind = 'pipeline' AND name = ?",
                (self.pipeline,),
            )[0][0]
        )
        stages = {s["id"]: {"label": s["label"]} for s in pipeline["stages"]}
        held = w.con.execute(
            "SELECT stage, label FROM stages WHERE pipeline = ? AND NOT gone", [self.pipeline]
        ).fetchall()
        found += compare("stages", stages, {i: {"label": t} for i, t in held})
        for table in CORE:
            alive = {i for _, i in self.live(table)}
            mine = {r[0] for r in w.con.execute(f"SELECT id FROM {table} WHERE NOT deleted").fetchall()}
            found += self.same(f"neutral {table}", alive, mine)
        if not self.denied:
            alive = {f"{o}:{i}" for o, i in self.live(*ACTIVITIES)}
            mine = {r[0] for r in w.con.execute("SELECT id FROM activities WHERE NOT deleted").fetchall()}
            found += self.same("neutral activities", alive, mine)
        return found

    def after_pull(self) -> list[Difference]:
        found = super().after_pull()
        return found if found or self.pending() else self._watched_links(self.warehouse)

    def _watched_links(self, w: Warehouse) -> list[Difference]:
        """Links of open deals and recent activities, which each pull reads whether their records changed or not."""
        live, found = set(self.live()), []
        recent = self.sandbox.clock.now_ms() - 13 * 86_400_000
        watched = {
            (o, i)
            for o, i, stage, modified in self.sandbox.store.rows(
                "SELECT object, id, json_extract(properties, '$.dealstage'), modified FROM records "
                "WHERE vendor = 'hubspot' AND archived = 0"
            )
            if (o == "deals" and stage in self.stages[:2]) or (o in ACTIVITIES and modified > recent)
        }
        rows = self.sandbox.store.rows(
            "SELECT from_object, from_id, to_object, to_id FROM associations WHERE vendor = 'hubspot'"
        )
        for a, b in LINKED:
            if {a, b} & self.denied or not w.columns(f"raw_link_{a}_{b}"):
                continue
            truth = {f"{i} {j}" for c, i, d, j in rows if (c, d) == (a, b)}
            mine = {
                f"{i} {j}"
                for i, j in w.con.execute(f"SELECT from_id, to_id FROM raw_link_{a}_{b}").fetchall()
            }
            seen = {f"{i} {j}" for o, i in watched if o == a for p, j in live if p == b} & (truth | mine)
            found += self.same(f"links of {a} to {b}", truth & seen, mine & seen)
        return found

    def _links(self, w: Warehouse) -> list[Difference]:
        live = set(self.live())
        rows = self.sandbox.store.rows(
            "SELECT from_object, from_id, to_object, to_id, type_id FROM associations WHERE vendor = 'hubspot'"
        )
        truth: dict[str, dict[str, Any]] = {}
        for a, i, b, j, type_id in rows:
            if (a, b) in LINKED and a != "leads" and b in CORE and {(a, i), (b, j)} <= live:
                key = f"{SINGULAR.get(a, 'activity')} {i if a in CORE else f'{a}:{i}'} {SINGULAR[b]} {j}"
                row = truth.setdefault(key, {"primary": False})
                row["primary"] |= PRIMARY.get((a, b)) == type_id
        alive = {(SINGULAR.get(o, "activity"), i if o in CORE else f"{o}:{i}") for o, i in live}
        mine: dict[str, dict[str, Any]] = {}
        twice = []
        for a, i, b, j, label in w.con.execute(
            "SELECT from_object, from_id, to_object, to_id, label FROM associations"
        ).fetchall():
            if {(a, i), (b, j)} <= alive:
                key = f"{a} {i} {b} {j}"
                if key in mine:
                    twice.append(Difference("associations", key, "held twice"))
                mine[key] = {"primary": label == "primary"}
        found = twice + compare("associations", truth, mine)
        stages = {
            f"{j} {t}"
            for a, i, b, j, _ in rows
            if (a, b) == ("leads", "contacts") and {(a, i), (b, j)} <= live
            for t in self._stages_of(i)
        }
        held = w.con.execute(
            "SELECT record_id, value FROM field_history WHERE field = 'lead_stage'"
        ).fetchall()
        # A lead that was archived leaves its past.
        have = {f"{j} {t}" for j, t in held if t and ("contacts", j) in live}
        found += [Difference("lead stages", k, "is not held") for k in stages - have]
        if "line_items" not in self.denied:
            lines = {
                f"{i} {j}"
                for a, i, b, j, _ in rows
                if (a, b) == ("deals", "line_items") and {(a, i), (b, j)} <= live
            }
            held = w.con.execute("SELECT deal_id, id FROM line_items WHERE NOT deleted").fetchall()
            have = {f"{i} {j}" for i, j in held if ("deals", i) in live}
            found += self.same("line items of deals", lines, have)
        return found

    def _stages_of(self, lead: str) -> set[str]:
        rows = self.sandbox.store.rows(
            "SELECT value FROM history WHERE object = 'leads' AND id = ? AND property = 'hs_pipeline_stage'",
            (lead,),
        )
        now = self.sandbox.store.rows(
            "SELECT json_extract(properties, '$.hs_pipeline_stage') FROM records WHERE object = 'leads' AND id = ?",
            (lead,),
        )
        return {r[0] for r in (*rows, *now) if r[0]}

    def _history(self, w: Warehouse) -> list[Difference]:
        found = []
        for object in CORE:
            if not w.columns(f"raw_{object}_history"):
                continue
            mine: dict[str, set[tuple[Any, ...]]] = {}
            names = set()
            for id, name, value, at in w.con.execute(
                f"SELECT record_id, property, value, _changed FROM raw_{object}_history"
            ).fetchall():
                mine.setdefault(id, set()).add((name, value or None, at))
                names.add(name)
            truth: dict[str, set[tuple[Any, ...]]] = {}
            for id, text, created in self.sandbox.store.rows(
                "SELECT id, properties, created FROM records WHERE vendor = 'hubspot' AND object = ? AND archived = 0",
                (object,),
            ):
                values = json.loads(text)
                entries = self.sandbox.store.rows(
                    "SELECT property, value, at FROM history WHERE vendor = 'hubspot' AND object = ? AND id = ?",
                    (object, id),
                )
                known = {e[0] for e in entries}
                truth[id] = {(n, v or None, t) for n, v, t in entries if n in names}
                truth[id] |= {
                    (n, v, created)
                    for n, v in values.items()
                    if n in names and n not in known and v is not None
                }
            for id, rows in truth.items():
                have = {e for e in mine.get(id, set()) if e[0] not in self._dropped(object)}
                want = {e for e in rows if e[0] not in self._dropped(object)}
                if have != want:
                    found.append(
                        Difference(
                            f"{object} history",
                            id,
                            f"is {truncate(want - have)}, held {truncate(have - want)}",
                        )
                    )
        return found

    def _dropped(self, object: str) -> set[str]:
        rows = self.sandbox.store.rows(
            "SELECT name, body FROM documents WHERE vendor = 'hubspot' AND kind = 'property' AND object = ?",
            (object,),
        )
        return {n for n, b in rows if json.loads(b).get("archived")}

    def _merges(self, w: Warehouse) -> list[Difference]:
        rows = self.sandbox.store.rows("SELECT object, old_id, new_id FROM merges WHERE vendor = 'hubspot'")
        truth = {f"{o} {a}": {"new": b} for o, a, b in rows}
        mine = {
            f"{o} {a}": {"new": b}
            for o, a, b in w.con.execute("SELECT object, old_id, new_id FROM merges").fetchall()
        }
        return compare("merges", truth, mine)
