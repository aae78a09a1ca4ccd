"""A CRM whose answers hold odd values here and there: other types than documented, what is no number, no time, no text."""

import csv
import io
import json
from collections.abc import Callable
from random import Random
from typing import Any

import requests
from requests.adapters import HTTPAdapter

# Written as bytes that JSON cannot say: put in after everything else.
RAW = {
    "@byte@": b'"\xff\xfeok"',
    "@nan@": b"NaN",
    "@huge@": b"1e309",
    "@control@": b'"a\x01b\nc"',
    "@long@": b"123456789012345678901234567890",
}
VALUES: tuple[Any, ...] = (
    "\ud800half", "", "1700000000000", "1700000000000000", 1700000000000, 12, -0.5, True, "1,234.50", "1.234,50", "NaN",
    "Infinity", "1e309", "9" * 40, "\x00", "a\x00b", "\x1b[31mred", "2024-13-45", "0000-00-00", "99999-01-01", "soon", [], [1],
    {"a": 1}, "yes", "maybe", "-", " ", "\u202e", None, "2024-02-30T25:61:00Z", "1e5", "0x10", *RAW,
)  # fmt: skip
CELLS = (
    "",
    "NaN",
    "1,234.50",
    "1e309",
    "soon",
    "maybe",
    "1700000000000000",
    "\x1b[31m",
    "@byte@",
    "9" * 40,
    "-",
)
# Whose value says which record this is, or that it is one at all.
KEYS = frozenset(
    {
        "IsSandbox",
        "name",
        "portalId",
        "referenceId",
        "state",
        "id",
        "Id",
        "attributes",
        "hs_object_id",
        "IsDeleted",
        "SystemModstamp",
        "LastModifiedDate",
        "external_id",
        # What tells of merges, and what links hang on.
        "hs_merged_object_ids",
        "MasterRecordId",
    }
)


class OddValues(HTTPAdapter):
    """Hands requests on; of the records in the answers some values become odd ones.

    With `definitions` also of fields, pipelines, stages and owners. `odd` holds (object's id, field) of each that was ever
    given odd: a later answer may not have been put away.
    """

    def __init__(
        self,
        inner: HTTPAdapter,
        r: Random,
        *,
        chance: float,
        spare: Callable[[str], bool] = lambda name: False,
        values: tuple[Any, ...] = VALUES,
        definitions: bool = False,
    ) -> None:
        super().__init__()
        self.inner = inner
        self.random = r
        self.chance = chance
        self.spare = spare
        self.values = values
        self.definitions = definitions
        self.given = 0
        self.odd: set[tuple[str, str]] = set()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        response = self.inner.send(request, *args, **kwargs)
        kind = response.headers.get("Content-Type", "")
        if response.status_code not in (200, 207):
            return response
        content = response.content
        if "json" in kind:
            try:
                body = json.loads(content)
            except ValueError:
                return response  # damaged otherwise
            self._walk(body)
            content = json.dumps(body).encode()
            for word, raw in RAW.items():
                content = content.replace(f'"{word}"'.encode(), raw)
        elif "csv" in kind:
            content = self._table(content)
        response._content = content
        response.headers["Content-Length"] = str(len(content))
        return response

    def _walk(self, body: Any) -> None:
        """Records are found wherever they stand: in pages, batches and composites."""
        if isinstance(body, list):
            for one in body:
                self._walk(one)
        elif isinstance(body, dict):
            if isinstance(body.get("properties"), dict) and "id" in body:
                self._spoil(str(body["id"]), body["properties"])
                self._spoil(str(body["id"]), body, only=("createdAt", "archivedAt"))
            elif isinstance(body.get("attributes"), dict) and isinstance(body.get("Id"), str):
                self._spoil(body["Id"], body)
            else:
                if self.definitions and (
                    isinstance(body.get("id"), str) or isinstance(body.get("name"), str)
                ):
                    self._spoil(str(body.get("id") or body["name"]), body)
                for one in body.values():
                    self._walk(one)

    def _spoil(self, id: str, record: dict[str, Any], only: tuple[str, ...] = ()) -> None:
        for name, value in list(record.items()):
            if (
                name in KEYS
                or self.spare(name)
                or (only and name not in only)
                or isinstance(value, dict | list)
            ):
                continue
            if self.random.random() < self.chance:
                record[name] = self.random.choice(self.values)
                self.odd.add((id, name))
                self.given += 1

    def _table(self, content: bytes) -> bytes:
        try:
            rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
        except (ValueError, csv.Error):
            return content
        if not rows or "Id" not in rows[0] or any(len(row) != len(rows[0]) for row in rows):
            return content  # damaged otherwise
        place = rows[0].index("Id")
        for row in rows[1:]:
            for n, name in enumerate(rows[0]):
                if name in KEYS or self.spare(name):
                    continue
                if self.random.random() < self.chance:
                    row[n] = self.random.choice(CELLS)
                    self.odd.add((row[place], name))
                    self.given += 1
        out = io.StringIO(newline="")
        csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
        return out.getvalue().encode().replace(b"@byte@", b"\xff\xfe")

    def close(self) -> None:
        """The adapter inside is others' too."""
