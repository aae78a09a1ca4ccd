"""The Salesforce CLI, unmodified, against the sandbox: sign-in by access token, queries, bulk jobs, records."""

import csv
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from support import programs
from support.client_tools import node
from support.salesforce_org import Sf

from sales_consultant.sandbox.serving.server import Sandbox

Command = Callable[..., Any]


@pytest.fixture(scope="module")
def sf(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Runs one command signed in to the sandbox, in a home of its own; its JSON's `result`."""
    tools, home = node("sf") / "node_modules" / ".bin", tmp_path_factory.mktemp("home")
    organization = Sf(sandbox).values("SELECT Id FROM Organization")[0]
    own = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")} | {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "SF_USE_GENERIC_UNIX_KEYCHAIN": "true",
        "SF_DISABLE_TELEMETRY": "true",
        "SF_AUTOUPDATE_DISABLE": "true",
        "SF_SKIP_NEW_VERSION_CHECK": "true",
        "SF_ACCESS_TOKEN": f"{organization[:15]}!a-long-fake-access-token-of-more-than-sixty-letters-in-all-its-length",
    }

    def run(
        *words: str,
        fails: bool = False,
        folder: Path = home,
        environ: Mapping[str, str] = MappingProxyType({}),
    ) -> Any:
        done = programs.run(
            [str(tools / "sf"), *words, "--json"], cwd=folder, env={**own, **environ},
            timeout=180,
        )  # fmt: skip
        assert (done.returncode != 0) == fails, done.stdout[-3000:] + done.stderr[-3000:]
        body = json.loads(done.stdout[done.stdout.index("{") :])
        return body if fails else body["result"]

    run(
        "org",
        "login",
        "access-token",
        "--instance-url",
        sandbox.url,
        "--no-prompt",
        "--alias",
        "box",
        "--set-default",
    )
    return run


def test_queries_and_their_errors(sf: Command) -> None:
    found = sf("data", "query", "--query", "SELECT Id, Account.Name FROM Contact WHERE Account.Name = 'Acme'")
    assert [r["Account"]["Name"] for r in found["records"]] == ["Acme"]
    assert sf("data", "query", "--query", "SELECT Id FROM Contact")["totalSize"] == 2502
    refused = sf("data", "query", "--query", "SELECT Nothing FROM Contact", fails=True)
    assert refused["name"] == "INVALID_FIELD"


def test_records_and_what_the_org_says_of_itself(sf: Command) -> None:
    made = sf("data", "create", "record", "--sobject", "Account", "--values", "Name='Made by sf'")
    assert made["success"] is True
    got = sf("data", "get", "record", "--sobject", "Account", "--record-id", made["id"])
    assert got["Name"] == "Made by sf"
    sf(
        "data",
        "update",
        "record",
        "--sobject",
        "Account",
        "--record-id",
        made["id"],
        "--values",
        "Industry='Toys'",
    )
    sf("data", "delete", "record", "--sobject", "Account", "--record-id", made["id"])
    assert "Name" in {f["name"] for f in sf("sobject", "describe", "--sobject", "Account")["fields"]}
    limits = {entry["name"]: entry for entry in sf("org", "list", "limits")}
    assert limits["DailyApiRequests"]["max"] == 5_000_000
    assert sf("org", "display")["connectedStatus"] == "Connected"


def test_bulk_export_and_update(sf: Command, sandbox: Sandbox, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    query = "SELECT Id, LastName FROM Contact"
    words = ("--output-file", str(out), "--result-format", "csv", "--wait", "3")
    assert sf("data", "export", "bulk", "--query", query, *words)["totalSize"] == 2502
    with out.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len({r["Id"] for r in rows}) == 2502
    changes = tmp_path / "changes.csv"
    changes.write_text(
        "Id,Title\n" + "\n".join(f"{r['Id']},By sf" for r in rows[:300]) + "\n", encoding="utf-8"
    )
    done = sf("data", "update", "bulk", "--sobject", "Contact", "--file", str(changes), "--wait", "3")
    assert (done["processedRecords"], done["failedRecords"]) == (300, 0)
    assert len(Sf(sandbox).values("SELECT Id FROM Contact WHERE Title = 'By sf'")) == 300
    changes.write_text(f"Id,Title\n{rows[0]['Id']},Again\n003000000000009AAA,Nobody\n", encoding="utf-8")
    failed = sf(
        "data", "update", "bulk", "--sobject", "Contact", "--file", str(changes), "--wait", "3", fails=True
    )
    assert "failed" in failed["message"].lower()


FIELD = """<?xml version="1.0" encoding="UTF-8"?>
<CustomField xmlns="http://soap.sforce.com/2006/04/metadata">
  <fullName>{name}__c</fullName><label>{name}</label><type>Picklist</type>
  <valueSet><restricted>true</restricted><valueSetDefinition><sorted>false</sorted>
    <value><fullName>A</fullName><default>false</default><label>A</label></value>
    <value><fullName>B</fullName><default>false</default><label>B</label></value>
  </valueSetDefinition></valueSet>
</CustomField>
"""
SET = """<?xml version="1.0" encoding="UTF-8"?>
<PermissionSet xmlns="http://soap.sforce.com/2006/04/metadata">
  <label>{name} readers</label>
  <fieldPermissions><editable>false</editable><field>Contact.{name}__c</field><readable>true</readable></fieldPermissions>
  <objectPermissions><allowCreate>false</allowCreate><allowDelete>false</allowDelete><allowEdit>false</allowEdit>
    <allowRead>true</allowRead><modifyAllRecords>false</modifyAllRecords><object>Contact</object>
    <viewAllRecords>true</viewAllRecords></objectPermissions>
</PermissionSet>
"""


def _project(folder: Path, name: str) -> None:
    files = {
        "sfdx-project.json": '{"packageDirectories": [{"path": "app", "default": true}], "sourceApiVersion": "62.0"}',
        f"app/objects/Contact/fields/{name}__c.field-meta.xml": FIELD.format(name=name),
        f"app/permissionsets/{name}_readers.permissionset-meta.xml": SET.format(name=name),
    }
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("rest", [False, True])
def test_a_deployed_field_is_seen_by_whom_its_set_is_assigned(
    sf: Command, sandbox: Sandbox, tmp_path: Path, rest: bool
) -> None:
    name = "By_Rest" if rest else "By_Soap"
    _project(tmp_path, name)
    environ = {"SF_ORG_METADATA_REST_DEPLOY": "true" if rest else "false"}
    done = sf(
        "project", "deploy", "start", "--source-dir", "app", "--wait", "3", folder=tmp_path, environ=environ
    )
    assert (done["status"], done["numberComponentsDeployed"]) == ("Succeeded", 2)
    assert {f["fullName"] for f in done["files"]} == {f"Contact.{name}__c", f"{name}_readers"}
    admin = Sf(sandbox)
    rep = admin.user("a-reps-token", rep=True)
    assert f"{name}__c" not in rep.fields("Contact")
    sf("org", "assign", "permset", "--name", f"{name}_readers", "--on-behalf-of", "rep@sandbox.example")
    assert [v["value"] for v in rep.fields("Contact")[f"{name}__c"]["picklistValues"]] == ["A", "B"]
    assert rep.fields("Contact")[f"{name}__c"]["updateable"] is False
    (tmp_path / f"app/objects/Contact/fields/{name}__c.field-meta.xml").write_text(
        FIELD.format(name=name).replace("Picklist", "Spell"), encoding="utf-8"
    )
    failed = sf(
        "project",
        "deploy",
        "start",
        "--source-dir",
        "app",
        "--wait",
        "3",
        folder=tmp_path,
        environ=environ,
        fails=True,
    )
    assert "Spell" in json.dumps(failed)
