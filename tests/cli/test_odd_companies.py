"""Whole companies that are odd all over: what is written then is written to the same records as without the oddities."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import seller, taken_names, tiny
from support.both_sides import WarmCli
from support.cli import TOKEN
from support.office import Office
from support.salesforce_org import Sf
from support.sandbox_company import Api
from support.warm import shared

from sales_consultant.config.fields.catalogue import FIELDS
from sales_consultant.sandbox.serving.server import Sandbox

SOBJECTS = {"contacts": "Contact", "leads": "Lead", "companies": "Account", "deals": "Opportunity"}
FIXED = '"deals.c_fit"'
WORDS = (
    "none",
    "select",
    "id",
    "nan",
    "true",
    "other",
    "__class__",
    "{}",
    "%s",
    "NULL",
    "0",
    "rare",
    "missing",
)


class Odd:
    """A company whose deals follow a rule, on one CRM."""

    def __init__(self, folder: Path, crm: str, sandbox: Sandbox) -> None:
        self.crm = crm
        self.sandbox = sandbox
        self.cli = WarmCli(folder / "admin", token=TOKEN, crm=crm)
        self.cli.nursery = shared()
        self.desk = Office(self.cli, Api(sandbox))

    def records(self, object: str) -> Iterator[Any]:
        yield from self.sandbox.store.each(self.crm, object if self.crm == "hubspot" else SOBJECTS[object])

    def put(self, record: Any, values: dict[str, Any]) -> None:
        """Values of a record behind the vendor's back."""
        self.sandbox.store.write(
            "UPDATE records SET properties = ? WHERE vendor = ? AND id = ?",
            (json.dumps({**record.values(), **values}), self.crm, record.id),
        )

    def written(self) -> set[tuple[str, str, str]]:
        """Our fields that hold a value: object, the folder's own id of the record, field."""
        names = {("sc_" + f.key if self.crm == "hubspot" else f"sc_{f.key}__c"): f.key for f in FIELDS}
        found = set()
        for object in SOBJECTS:
            if object != "leads" or self.crm == "salesforce":
                for record in self.records(object):
                    held = {k.lower(): v for k, v in record.values().items()}
                    own = str(held.get("external_id") or held.get("external_id__c"))
                    found |= {
                        (object, own, key) for n, key in names.items() if held.get(n) not in (None, "", False)
                    }
        return found

    def synced(self, fixed: list[str]) -> dict[str, Any]:
        """The document of a first sync that writes."""
        listed = ", ".join([FIXED, *(f'"{f}"' for f in fixed)])
        self.cli.configure(self.sandbox.url, f"[features]\nfixed = [{listed}]", scored=True)
        self.cli.done("provision")
        done = self.cli.done("sync", "--yes")
        assert "error" not in done, done
        assert self.cli.done("sync", "--yes")["written"] == 0
        return done


def hubspot_properties(odd: Odd, draw: random.Random) -> dict[str, list[str]]:
    """Properties of every kind called like ours on every scored object."""
    api, chosen = odd.desk.portal, {}
    kinds = (("string", "text"), ("number", "number"), ("enumeration", "select"), ("bool", "booleancheckbox"))
    for object in ("contacts", "companies", "deals"):
        defined = {p["name"] for p in api.get(f"/crm/v3/properties/{object}").json()["results"]}
        chosen[object] = names(taken_names.property_names(), defined, draw)
        group = api.get(f"/crm/v3/properties/{object}/groups").json()["results"][0]["name"]
        for n, name in enumerate(chosen[object]):
            kind, shape = kinds[n % len(kinds)]
            options = [
                {"label": w, "value": w} for w in (WORDS if kind == "enumeration" else ("true", "false"))
            ]
            body: dict[str, Any] = {
                "name": name,
                "label": name,
                "type": kind,
                "fieldType": shape,
                "groupName": group,
            }
            answer = api.post(
                f"/crm/v3/properties/{object}", body | ({"options": options} if n % 4 > 1 else {})
            )
            assert answer.status_code == 201, answer.text
    return chosen


def names(pool: tuple[str, ...], taken: set[str], draw: random.Random) -> list[str]:
    free = [n for n in pool if n not in taken and not n.startswith("hs_")]
    worst = {w.lower() for w in taken_names.WORST}
    return draw.sample([n for n in free if n.removesuffix("__c").lower() in worst], 14) + draw.sample(free, 6)


def salesforce_fields(odd: Odd, draw: random.Random) -> dict[str, list[str]]:
    """The same as custom fields, granted to whoever reads."""
    sf = Sf(odd.sandbox, TOKEN)
    chosen = {}
    for object, sobject in SOBJECTS.items():
        chosen[object] = names(taken_names.field_names(), set(sf.fields(sobject)), draw)
        for n, name in enumerate(chosen[object]):
            meta = {"label": name[:40], "type": "Text", "length": 255}
            if n % 2:
                meta = {"label": name[:40], "type": "Number", "precision": 9, "scale": 0}
            sf.own_field(f"{sobject}.{name}", meta)
        sf.grant(f"See_{sobject}", *(f"{sobject}.{name}" for name in chosen[object]))
    sf.session.close()
    return chosen


@pytest.mark.slow
@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
def test_fields_called_like_anything_of_ours_take_no_record_s_place(tmp_path: Path, crm: str) -> None:
    draw = random.Random(3)
    data = tiny.write(tmp_path / "data", seller.tables(people=40))
    told = []
    for odd in (False, True):
        with Sandbox(data=data, clock=tiny.CLOCK, crms=(crm,)) as sandbox:
            made = Odd(tmp_path / str(odd), crm, sandbox)
            fixed: list[str] = []
            if odd:
                chosen = (hubspot_properties if crm == "hubspot" else salesforce_fields)(made, draw)
                for object, fields in chosen.items():
                    for record in made.records(object):
                        numbers = fields[1::4] + fields[3::4] if crm == "salesforce" else fields[1::4]
                        texts = [f for f in fields if f not in numbers]
                        flags = fields[3::4] if crm == "hubspot" else []
                        values: dict[str, Any] = {f: draw.choice(WORDS) for f in texts if f not in flags}
                        values |= {f: draw.choice(("true", "false")) for f in flags}
                        values |= {f: str(draw.randrange(90)) for f in numbers}
                        made.put(record, {f: v for f, v in values.items() if draw.random() < 0.8})
                    if object != "leads":
                        fixed += [f"{object}.c_{f.removesuffix('__c').lower()}" for f in fields[:4]]
            done = made.synced(fixed)
            told.append((made.written(), done["written"]))
            made.desk.portal.session.close()
    (plain, count), (odd_one, odd_count) = told
    scored = {i for o, i, f in plain if (o, f) == ("deals", "score")}
    assert scored == {f"d{n}" for n in range(seller.OPEN)}, "only open deals have a score"
    quiet = (
        "next_step",
        "next_step_due",
        "next_step_reason",
        "next_step_priority",
        "next_step_channel",
        "next_step_id",
    )
    assert {p for p in odd_one if p[2] not in quiet} == {p for p in plain if p[2] not in quiet}
    assert count == odd_count
