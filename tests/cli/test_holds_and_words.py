"""What people decided is kept: a hold outlives what a night makes up for, and nobody is scored unasked."""

import shutil

from support.office import Office


def test_a_field_people_use_that_cannot_be_seen_any_more_stops_the_run(synced: Office) -> None:
    before = synced.held()
    gone = synced.portal.send("DELETE", "/crm/v3/properties/contacts/sc_do_not_score")
    assert gone.status_code == 204
    error = synced.cli.json("sync", "--yes", code=3)["error"]
    assert "sc_do_not_score" in error["message"] and "left alone" in error["message"]
    assert synced.held() == before


def test_a_hold_is_lifted_by_a_training_that_was_asked_for_and_by_no_other(desk: Office) -> None:
    desk.cli.configure(desk.sandbox.url, scored=True)
    desk.cli.json("provision")
    run = desk.cli.json("sync", "--yes")["run"]
    desk.cli.json("rollback", run, "--yes")
    shutil.rmtree(desk.cli.data / "main" / "models")
    again = desk.cli.json("sync", "--yes")
    assert again["trained"], "the model was lost and made again"
    assert {h["field"] for h in desk.cli.json("status")["on_hold"]} >= {"score", "grade"}
    trained = desk.cli.json("train")["trained"]
    lifted = not desk.cli.json("status")["on_hold"]
    assert lifted == ("published" in str(trained.values())), trained
