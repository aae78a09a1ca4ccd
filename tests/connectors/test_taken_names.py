"""A customer's field may be called anything: like a column, key or view of ours, like a word of SQL or Python."""

import json
import os
import random
from collections import Counter
from typing import Any

import pytest
from histories.hubspot_world import HubSpotWorld
from histories.salesforce_records import BASE
from histories.salesforce_world import SalesforceWorld
from histories.world import World
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import taken_names
from support.in_process import LocalSandbox

from sales_consultant.config.neutral import NEUTRAL, field_column
from sales_consultant.connectors.base import FieldInfo, Page, Stream, distinct
from sales_consultant.connectors.hubspot.reading import rows as hubspot_rows
from sales_consultant.connectors.hubspot.reading.schema import STANDARD
from sales_consultant.sync.stores.warehouse import Warehouse

SEED = int(os.environ.get("NAMES_SEED", "1"))
COUNT = int(os.environ.get("NAMES", "60"))
CLOCK = "2024-06-01T08:00:00Z"
CORE = ("contacts", "companies", "deals")


def sample(pool: tuple[str, ...], taken: set[str], draw: random.Random) -> list[str]:
    """The worst names and some others that are free on an object."""
    free = [n for n in pool if n.lower() not in taken]
    worst = {w.lower() for w in taken_names.WORST}
    chosen = {n for n in free if n.removesuffix("__c").lower() in worst}
    return sorted(chosen | set(draw.sample(free, min(COUNT, len(free)))))


def neutral_rows(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """All neutral tables without the customer's own fields and what tells of those."""
    found = {}
    for table, columns in NEUTRAL.items():
        if table not in ("fields", "field_history"):
            listed = ", ".join(c for c in columns if c not in ("modified_at", "first_seen"))
            found[table] = sorted(
                world.warehouse.con.execute(f"SELECT {listed} FROM {table}").fetchall(), key=repr
            )
    return found


def fill(world: World, crm: str, chosen: dict[str, list[str]], draw: random.Random) -> None:
    """Each record gets values that are names themselves, as far as it can without moving any stamp."""
    for object, names in chosen.items():
        for id, text in world.sandbox.store.rows(
            "SELECT id, properties FROM records WHERE vendor = ? AND object = ?", (crm, object)
        ):
            values = {n: draw.choice(taken_names.names()) for n in names if draw.random() < 0.8}
            world.sandbox.store.write(
                "UPDATE records SET properties = ? WHERE vendor = ? AND id = ?",
                (json.dumps({**json.loads(text), **values}), crm, id),
            )


def compared(world: World, crm: str, chosen: dict[str, list[str]], add: Any) -> None:
    """A company with and without fields of these names: the same but for the fields, which hold what the CRM holds."""
    draw = random.Random(SEED)
    for n in range(40):
        world.step("create", n)
    assert world.check() == []
    before = neutral_rows(world)
    for object, names in chosen.items():
        add(object, names)
    fill(world, crm, chosen, draw)
    assert world.check() == []
    assert neutral_rows(world) == before


@pytest.mark.slow
def test_hubspot_properties_called_like_anything_of_ours() -> None:
    with LocalSandbox("hubspot", clock=CLOCK) as sandbox:
        world = HubSpotWorld(sandbox)
        sandbox.control("options", custom_property_limit=100_000)
        draw = random.Random(SEED)

        def path(object: str) -> str:
            return f"/crm/v3/properties/{object}"

        chosen = {}
        for object in CORE:
            defined = {p["name"] for p in sandbox.call("GET", path(object))["results"]}
            # What is read on purpose where a portal has it is no name like any other.
            defined |= set(STANDARD[object])
            found = sample(taken_names.property_names(), defined, draw)
            chosen[object] = [n for n in found if not n.startswith("hs_")]

        def add(object: str, names: list[str]) -> None:
            group = sandbox.call("GET", f"{path(object)}/groups")["results"][0]["name"]
            for start in range(0, len(names), 100):
                inputs = [
                    {"name": n, "label": n, "type": "string", "fieldType": "text", "groupName": group}
                    for n in names[start : start + 100]
                ]
                made = sandbox.call("POST", f"{path(object)}/batch/create", {"inputs": inputs})
                assert len(made["results"]) == len(inputs)
            world.fields[object] |= dict.fromkeys(names, "string")

        compared(world, "hubspot", chosen, add)
        mine = set(
            world.warehouse.con.execute(
                "SELECT object, name FROM fields WHERE custom AND column_name = 'c_' || name"
            ).fetchall()
        )
        assert {(o, n) for o, names in chosen.items() for n in names} <= mine
        world.warehouse.close()


@pytest.mark.slow
def test_salesforce_fields_called_like_anything_of_ours() -> None:
    with LocalSandbox("salesforce", clock=CLOCK) as sandbox:
        world = SalesforceWorld(sandbox)
        draw = random.Random(SEED)
        chosen = {
            # Every object of the sandbox has its key of loading already.
            o: sample(taken_names.field_names(), {"external_id__c"}, draw)
            for o in ("Account", "Contact", "Lead", "Opportunity")
        }

        user = sandbox.call("GET", "/services/oauth2/userinfo")["user_id"]

        def add(object: str, names: list[str]) -> None:
            for name in names:
                meta = {"label": name[:40], "type": "Text", "length": 255}
                body: dict[str, Any] = {"FullName": f"{object}.{name}", "Metadata": meta}
                sandbox.call("POST", f"{BASE}tooling/sobjects/CustomField", body)
            given = {"Name": f"See_{object}", "Label": f"See {object}"}
            granted = sandbox.call("POST", f"{BASE}sobjects/PermissionSet", given)["id"]
            rights = [
                {
                    "attributes": {"type": "FieldPermissions"},
                    "ParentId": granted,
                    "SobjectType": object,
                    "Field": f"{object}.{name}",
                    "PermissionsRead": True,
                    "PermissionsEdit": True,
                }
                for name in names
            ]
            for start in range(0, len(rights), 200):
                body = {"allOrNone": True, "records": rights[start : start + 200]}
                sandbox.call("POST", f"{BASE}composite/sobjects", body)
            body = {"AssigneeId": user, "PermissionSetId": granted}
            sandbox.call("POST", f"{BASE}sobjects/PermissionSetAssignment", body)
            world.fields[object] |= dict.fromkeys(names, "Text")

        compared(world, "salesforce", chosen, add)
        world.warehouse.close()


ANY_CASE = st.sampled_from(taken_names.names()).flatmap(
    lambda n: st.sampled_from((n, n.lower(), n.upper(), n.title()))
)
NAMES = st.lists(ANY_CASE | st.sampled_from(taken_names.WORST) | st.text(max_size=8), min_size=1, max_size=12)
TEXTS = st.none() | ANY_CASE | st.text(st.characters(codec="utf-8"), max_size=8)


@pytest.mark.slow
@settings(
    deadline=None,
    max_examples=int(os.environ.get("EXAMPLES", "60")),
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.data())
def test_a_page_holds_any_names_and_values_side_by_side(data: st.DataObject) -> None:
    """From the wire to the warehouse, twice, for the second page replaces the first one's rows."""
    names = [f.name for f in distinct(FieldInfo(n, n, "string", True, True, False) for n in data.draw(NAMES))]
    warehouse, stream = Warehouse(None, threads=1), Stream("contacts", "contacts", "delta")
    for turn in (1, 2):
        held = {str(i): {n: data.draw(TEXTS) for n in names} for i in range(2)}
        found = [
            {
                "id": i,
                "properties": p,
                "createdAt": "2024-01-01T00:00:00Z",
                "updatedAt": "2024-01-01T00:00:00Z",
            }
            for i, p in held.items()
        ]
        page = hubspot_rows.records(found, names, seen=turn, odd=Counter())
        warehouse.commit(Page("contacts", page, None), stream=stream, first_pull=turn == 1)
        listed = ", ".join('"' + field_column(n).replace('"', '""') + '"' for n in names)
        rows = warehouse.con.execute(
            f"SELECT id, _seen, _archived{', ' + listed if names else ''} FROM raw_contacts ORDER BY id"
        ).fetchall()
        assert [(r[0], r[1], r[2]) for r in rows] == [("0", turn, False), ("1", turn, False)]
        mended = {i: {n: v and v.replace("\x00", "") for n, v in p.items()} for i, p in held.items()}
        assert {r[0]: dict(zip(names, r[3:], strict=True)) for r in rows} == mended
    warehouse.close()
