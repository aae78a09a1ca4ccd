"""The Metadata API: zips by REST, and what goes wrong in them."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import requests
from support.salesforce_org import Sf, company

FIELD = (
    "<CustomObject xmlns='http://soap.sforce.com/2006/04/metadata'><fields><fullName>{name}</fullName><label>Score</label>"
    "<type>Number</type><precision>{precision}</precision><scale>0</scale></fields></CustomObject>"
)
SET = (
    "<PermissionSet xmlns='http://soap.sforce.com/2006/04/metadata'><label>Readers</label><fieldPermissions>"
    "<field>Contact.SC_Score__c</field><readable>true</readable><editable>{edit}</editable></fieldPermissions></PermissionSet>"
)


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Sf]:
    with company(tmp_path) as sf:
        yield sf


def _zip(files: dict[str, str]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as made:
        for name, text in files.items():
            made.writestr(name, text)
    return held.getvalue()


def _deploy(org: Sf, files: dict[str, str] | bytes, **options: Any) -> requests.Response:
    data = files if isinstance(files, bytes) else _zip({"package.xml": "<Package/>", **files})
    parts = {
        "json": (None, orjson.dumps({"deployOptions": options}), "application/json"),
        "file": ("deploy.zip", data, "application/zip"),
    }
    return org.session.post(
        f"{org.sandbox.url}/services/data/v62.0/metadata/deployRequest", files=parts, timeout=10
    )


def _result(org: Sf, files: dict[str, str], **options: Any) -> dict[str, Any]:
    made = _deploy(org, files, **options)
    assert made.status_code == 201, made.text
    told = org.get(f"metadata/deployRequest/{made.json()['id']}", includeDetails="true").json()
    found: dict[str, Any] = told["deployResult"]
    return found


def _files(name: str = "SC_Score__c", precision: str = "3", edit: str = "true") -> dict[str, str]:
    return {
        "permissionsets/Readers.permissionset": SET.format(edit=edit),
        "objects/Contact.object": FIELD.format(name=name, precision=precision),
    }


def test_a_zip_brings_fields_and_who_sees_them(org: Sf) -> None:
    result = _result(org, _files())
    assert (result["status"], result["numberComponentsDeployed"]) == ("Succeeded", 2)
    assert "SC_Score__c" not in org.fields("Contact")
    (set_id,) = org.values("SELECT Id FROM PermissionSet WHERE Name = 'Readers'")
    me = org.get("/services/oauth2/userinfo").json()["user_id"]
    org.create("PermissionSetAssignment", AssigneeId=me, PermissionSetId=set_id)
    assert org.fields("Contact")["SC_Score__c"]["updateable"] is True
    again = _result(org, _files(precision="2", edit="false"))
    assert {c["fullName"]: c["created"] for c in again["details"]["componentSuccesses"]} == {
        "Contact.SC_Score__c": False, "Readers": False,
    }  # fmt: skip
    seen = org.fields("Contact")["SC_Score__c"]
    assert (seen["updateable"], seen["precision"]) == (False, 2)


def test_one_wrong_part_takes_all_back(org: Sf) -> None:
    result = _result(org, _files(name="Wrong__Name__c"))
    assert (result["status"], result["success"]) == ("Failed", False)
    problems = {c["fullName"]: c["problem"] for c in result["details"]["componentFailures"]}
    assert "consecutive underscores" in problems["Contact.Wrong__Name__c"]
    assert org.values("SELECT Id FROM PermissionSet WHERE Name = 'Readers'") == []
    kept = _result(
        org, {"permissionsets/Readers.permissionset": SET.format(edit="true")}, rollbackOnError=False
    )
    assert kept["status"] == "Failed"


def test_a_check_changes_nothing(org: Sf) -> None:
    assert _result(org, _files(), checkOnly=True)["status"] == "Succeeded"
    assert org.values("SELECT Id FROM PermissionSet WHERE Name = 'Readers'") == []


def test_what_cannot_be_deployed_is_said(org: Sf) -> None:
    assert _deploy(org, b"no zip").json()[0]["errorCode"] == "INVALID_INPUT"
    assert "classes/A.cls" in _deploy(org, {"classes/A.cls": "class A {}"}).json()[0]["message"]
    bomb = {"objects/Contact.object": "<!DOCTYPE x [<!ENTITY a 'b'>]><CustomObject>&a;</CustomObject>"}
    assert "document type" in _deploy(org, bomb).json()[0]["message"]
    assert org.post("metadata/deployRequest", {}).status_code == 415
    assert org.get("metadata/deployRequest/0Af000000000001").status_code == 404
    weak = org.user("weak", objects={"Contact": ["Read"]})
    assert _deploy(weak, _files()).json()[0]["errorCode"] == "INSUFFICIENT_ACCESS"


def _soap(org: Sf, body: str, session: str = "an-admins-token") -> str:
    envelope = (
        "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>"
        f"<e:Header><SessionHeader><sessionId>{session}</sessionId></SessionHeader></e:Header><e:Body>{body}</e:Body></e:Envelope>"
    )
    url = f"{org.sandbox.url}/services/Soap/m/62.0"
    return requests.post(url, data=envelope, headers={"Content-Type": "text/xml"}, timeout=10).text


def test_soap_writes_single_components_and_says_what_it_does_not_know(org: Sf) -> None:
    one = (
        "<upsertMetadata><metadata xsi:type='CustomField'><fullName>Lead.SC_Due__c</fullName><label>Due</label><type>Date</type>"
        "</metadata><metadata xsi:type='Dragon'><fullName>Smaug</fullName></metadata></upsertMetadata>"
    )
    told = _soap(org, one)
    assert "<fullName>Lead.SC_Due__c</fullName><success>true</success><created>true</created>" in told
    assert "<statusCode>INVALID_TYPE</statusCode>" in told
    assert "<created>false</created>" in _soap(org, one)
    assert "INVALID_OPERATION" in _soap(org, "<retrieve/>")
    org.control("expire", token="over")
    assert "INVALID_SESSION_ID" in _soap(org, one, "over")
