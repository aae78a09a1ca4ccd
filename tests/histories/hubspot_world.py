"""What a HubSpot portal truly holds, straight from the sandbox's own store, against what was pulled."""

import json
from typing import Any

from histories.hubspot_people import HubSpotPeople
from histories.hubspot_records import ACTIVITIES, CORE, LINKED, OBJECTS, PRIMARY, SINGULAR
from histories.world import Difference, compare, truncate

from sales_consultant.sync.stores.warehouse import Warehouse


class HubSpotWorld(HubSpotPeople):
    """A portal, its users, and the differences."""

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
        held = self.field_names(w, raw)
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
