"""Requests to the Salesforce side of a sandbox, as a client would send them."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from support.sandbox_company import CLOCK, FILES, write_folder

from sales_consultant.sandbox.serving.server import Sandbox

SCORE = {"label": "SC Score", "type": "Number", "precision": 3, "scale": 0}


class Sf:
    """Calls to one org with one token; paths are below /services/data/vNN.0 unless they begin with a slash."""

    def __init__(self, sandbox: Sandbox, token: str = "an-admins-token", version: str = "62.0") -> None:
        self.sandbox = sandbox
        self.version = version
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {token}"

    def send(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        base = "" if path.startswith("/") else f"/services/data/v{self.version}/"
        return self.session.request(method, f"{self.sandbox.url}{base}{path}", json=body, timeout=30, **more)

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.send("GET", path, params=query)

    def post(self, path: str, body: Any) -> requests.Response:
        return self.send("POST", path, body)

    def patch(self, path: str, body: Any) -> requests.Response:
        return self.send("PATCH", path, body)

    def query(self, soql: str, verb: str = "query") -> list[dict[str, Any]]:
        """All records of a query, without their attributes."""
        answer = self.get(verb, q=soql)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        found = list(body["records"])
        while not body["done"]:
            body = self.get(body["nextRecordsUrl"]).json()
            found += body["records"]
        return [{k: v for k, v in r.items() if k != "attributes"} for r in found]

    def values(self, soql: str, verb: str = "query") -> list[Any]:
        """The only column of a query."""
        return [next(iter(r.values())) for r in self.query(soql, verb)]

    def error(self, soql: str, verb: str = "query") -> dict[str, Any]:
        """The error of a query that is refused."""
        answer = self.get(verb, q=soql)
        assert answer.status_code == 400, answer.text
        found: dict[str, Any] = answer.json()[0]
        return found

    def create(self, sobject: str, **values: Any) -> str:
        answer = self.post(f"sobjects/{sobject}", values)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def control(self, action: str, **body: Any) -> Any:
        answer = self.session.post(f"{self.sandbox.url}/_sandbox/{action}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def user(self, token: str, **body: Any) -> "Sf":
        """A weaker user's calls to the same org."""
        self.control("users", crm="salesforce", token=token, **body)
        return Sf(self.sandbox, token, self.version)

    def fields(self, sobject: str) -> dict[str, dict[str, Any]]:
        """What describe tells of an object's fields, by name."""
        return {f["name"]: f for f in self.get(f"sobjects/{sobject}/describe").json()["fields"]}

    def id(self, sobject: str, external: str) -> str:
        """The id that a row of the folder has here."""
        return str(self.values(f"SELECT Id FROM {sobject} WHERE external_id__c = '{external}'")[0])

    def own_field(self, full: str, meta: dict[str, Any] | None = None) -> str:
        """Make a custom field; nobody sees it yet. Its id."""
        answer = self.post("tooling/sobjects/CustomField", {"FullName": full, "Metadata": meta or SCORE})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def grant(self, name: str, *fields: str, edit: bool = True, me: bool = True) -> str:
        """A permission set that grants fields, assigned to the caller with `me`; its id."""
        set_id = self.create("PermissionSet", Name=name, Label=name)
        for full in fields:
            self.create(
                "FieldPermissions",
                ParentId=set_id,
                SobjectType=full.partition(".")[0],
                Field=full,
                PermissionsRead=True,
                PermissionsEdit=edit,
            )
        if me:
            user = self.get("/services/oauth2/userinfo").json()["user_id"]
            self.create("PermissionSetAssignment", AssigneeId=user, PermissionSetId=set_id)
        return set_id

    def ingest(self, sobject: str, operation: str, text: str, **more: Any) -> str:
        """Run a job to its end; its id."""
        body = {"object": sobject, "operation": operation, "lineEnding": "LF", **more}
        job = str(self.post("jobs/ingest", body).json()["id"])
        sent = self.send(
            "PUT", f"jobs/ingest/{job}/batches", data=text.encode(), headers={"Content-Type": "text/csv"}
        )
        assert sent.status_code == 201, sent.text
        assert self.patch(f"jobs/ingest/{job}", {"state": "UploadComplete"}).status_code == 200
        for _ in range(100):
            if self.get(f"jobs/ingest/{job}").json()["state"] in ("JobComplete", "Failed"):
                return job
        raise AssertionError("the job does not end")

    def table(self, path: str, **query: Any) -> list[dict[str, str]]:
        """Rows of a CSV answer."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


@contextmanager
def company(folder: Path, files: dict[str, str] = FILES, **options: Any) -> Iterator[Sf]:
    """The small company (or other files) as a Salesforce org."""
    data = write_folder(folder, files)
    with Sandbox(data=data, clock=CLOCK, crms=("salesforce",), **options) as sandbox:
        made = Sf(sandbox)
        yield made
        made.session.close()


@contextmanager
def blank(**options: Any) -> Iterator[Sf]:
    """An empty org."""
    with Sandbox(clock=CLOCK, crms=("salesforce",), **options) as sandbox:
        made = Sf(sandbox)
        yield made
        made.session.close()
