"""An admin makes our fields, looks at one screen, and takes everything away again."""

from support.office import Office


def test_what_was_made_is_taken_away_after_a_look(synced: Office) -> None:
    held = synced.held()
    error = synced.cli.json("provision", "--remove", code=2)["error"]
    assert "--dry-run" in error["action"]
    looked = synced.cli.json("provision", "--remove", "--dry-run")
    assert looked["would_remove"] >= 20
    assert "Used in" in looked["not_told"]
    assert synced.held() == held
    done = synced.cli.json("provision", "--remove", "--yes")
    assert done["removed"] == looked["would_remove"]
    names = {p["name"] for p in synced.portal.get("/crm/v3/properties/contacts").json()["results"]}
    assert not [n for n in names if n.startswith("sc_")]
    assert synced.written() == {}, "what we last wrote went with the fields"


def test_a_screen_says_first_what_is_to_do(desk: Office) -> None:
    told = desk.cli.run("check").out
    assert told.index("Next:") < told.index("provision") < told.index("permitted")
    document = desk.cli.json("check")
    assert (document["missing"], document["next_steps"] > 0) == (0, True)
    assert len(told.splitlines()) < 60
    made = desk.cli.run("provision", "--list-view").out
    assert "Record customization" in " ".join(made.split())
    told = desk.cli.run("check").out
    assert "missing" not in told
