"""The score field's description tells of the last run: once a day, and a user who may not change it writes all the same."""

from pathlib import Path

from support.fake_crm import FakeCrm

from sales_consultant.config.errors import AccessError
from sales_consultant.config.fields.catalogue import Field
from sales_consultant.config.settings import Settings
from sales_consultant.sync.push.field_notes import leave
from sales_consultant.sync.runtime.workspace import Workspace

DAY_MS = 86_400_000
SETTINGS = {
    "connections": {"main": {"crm": "hubspot"}},
    "populations": {n: {"object": "deals", "event": "won"} for n in ("new", "renewals")},
}


class Forbidding(FakeCrm):
    """A user who may write values and no definitions."""

    def note(self, object: str, field: Field, text: str) -> str:
        super().note(object, field, text)
        raise AccessError("not this user", action="give it the right")


def place(folder: Path, crm: FakeCrm, **write: object) -> Workspace:
    settings = Settings(**SETTINGS, write=write)  # type: ignore[arg-type]  # as a file gives them
    return Workspace(settings, "main", settings.connections["main"], folder, connector=crm)


def test_once_a_day(tmp_path: Path) -> None:
    crm = FakeCrm(["1"])
    counts = {"scored": {"new": 1200, "renewals": 34, "gone": 5}, "written": 7}
    with place(tmp_path, crm) as ws:
        for hours in (0, 1, 20, 1, 24):
            crm.time += hours * DAY_MS // 24
            leave(ws, counts)
    assert [(o, f) for o, f, _ in crm.notes] == [("deals", "score")] * 3
    # 2023-11-14 22:13 UTC, and an hour later it is still the same day; then two nights.
    assert [text[:10] for _, _, text in crm.notes] == ["2023-11-14", "2023-11-15", "2023-11-16"]
    assert crm.notes[0][2].endswith("22:13 UTC: 1,234 deals scored, 7 records changed")
    assert counts["described"] == ["deals"] * 3


def test_what_ends_nothing(tmp_path: Path) -> None:
    crm = Forbidding(["1"])
    counts: dict[str, object] = {"scored": {"new": 3}}
    with place(tmp_path / "a", crm) as ws:
        leave(ws, counts)
        leave(ws, counts)
    assert len(crm.notes) == 1 and counts["description_not_changed"] == "not this user"
    quiet = FakeCrm(["1"])
    with place(tmp_path / "b", quiet, describe_runs=False) as ws:
        leave(ws, counts)
    with place(tmp_path / "c", quiet) as ws:
        leave(ws, {"scored": {}})
    assert quiet.notes == []
