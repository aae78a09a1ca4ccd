"""What the org's objects are made of, as this user sees them: asked for once, all objects of a pull in one call."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sales_consultant.connectors.base import FieldInfo, distinct
from sales_consultant.connectors.salesforce.api import MOST, Prefetcher, SalesforceApi, SalesforceRefusalError
from sales_consultant.connectors.salesforce.reading import schema
from sales_consultant.connectors.tables import text


class Described:
    """Fields by object."""

    def __init__(
        self, api: SalesforceApi, ahead: Prefetcher, own: Callable[[], frozenset[str]], *, text: bool = False
    ) -> None:
        self.api = api
        self.ahead = ahead
        self.own = own
        self.text = text
        self._fields: dict[str, list[FieldInfo]] = {}
        self._types: dict[str, dict[str, str]] = {}

    def forget(self) -> None:
        """Describe anew: fields or rights may have changed."""
        self._fields.clear()

    def describe_all(self, names: Sequence[str], *also: str) -> list[tuple[int, Any]]:
        """Describe these objects again in one call; one that the answer leaves out is asked for when it is needed.

        `also` are other paths to ask along with them; their statuses and bodies.
        """
        self.forget()
        paths = [*also, *(f"sobjects/{n}/describe" for n in names)]
        if len(paths) < 2:
            return []
        answers: list[tuple[int, Any]] = []
        for start in range(0, len(paths), MOST):
            answers += self.ahead.together(paths[start : start + MOST], kind="definition")
        for name, (status, body) in zip(names, answers[len(also) :], strict=True):
            if status in (200, 404):
                self._take(name, body["fields"] if status == 200 else [])
        return answers[: len(also)]

    def fields(self, name: str) -> list[FieldInfo]:
        """The fields of an object that this user can see; none where it may not see it."""
        if name not in self._fields:
            try:
                found = self.api.call(f"sobjects/{name}/describe", kind="definition")["fields"]
            except SalesforceRefusalError as e:
                if e.status != 404:
                    raise
                found = []
            self._take(name, found)
        return self._fields[name]

    def _take(self, name: str, found: list[Mapping[str, Any]]) -> None:
        self._fields[name] = distinct(_info(f) for f in found)
        self._types[name] = {text(f.get("name")) or "": text(f.get("type")) or "" for f in found}

    def selection(self, name: str) -> schema.Selection:
        """What is read of an object."""
        return schema.select(name, self.fields(name), self._types.get(name, {}), self.own(), text=self.text)


def _info(f: Mapping[str, Any]) -> FieldInfo:
    """A field as describe tells of it; what of it cannot be read counts as not said."""
    name, kind = text(f.get("name")) or "", text(f.get("type")) or ""
    picked = f.get("picklistValues")
    return FieldInfo(
        name,
        text(f.get("label")) or name,
        schema.neutral_type(kind),
        f.get("custom") is True or name.endswith("__c"),
        f.get("updateable") is True,
        f.get("calculated") is True or kind in ("address", "location"),
        tuple(
            text(p["value"]) or ""
            for p in (picked if isinstance(picked, list) else ())
            if isinstance(p, dict) and "value" in p and p.get("active", True) is not False
        ),
        formula=text(f.get("calculatedFormula")) or "",
    )
