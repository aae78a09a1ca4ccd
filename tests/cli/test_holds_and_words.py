"""What people decided is kept: nobody is scored who was to be left alone."""

import pytest
from support.office import Office


@pytest.mark.slow
def test_a_field_people_use_that_cannot_be_seen_any_more_stops_the_run(synced: Office) -> None:
    before = synced.held()
    gone = synced.portal.send("DELETE", "/crm/v3/properties/contacts/sc_do_not_score")
    assert gone.status_code == 204
    error = synced.cli.json("sync", "--yes", code=3)["error"]
    assert "sc_do_not_score" in error["message"] and "left alone" in error["message"]
    assert synced.held() == before
