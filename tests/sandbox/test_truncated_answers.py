"""An answer that breaks off: the change was made, and its client must notice that something is missing."""

import pytest
import requests
from support.sandbox_company import Api


def test_half_an_answer_is_no_answer(empty: Api) -> None:
    made = empty.post("/crm/v3/objects/contacts", {"properties": {"email": "ann@acme.example"}}).json()["id"]
    record = f"/crm/v3/objects/contacts/{made}"
    empty.control("faults", kind="truncated", path="/contacts/", method="PATCH")
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        empty.send("PATCH", record, {"properties": {"firstname": "Ann"}})
    assert empty.get(record, properties="firstname").json()["properties"]["firstname"] == "Ann"
