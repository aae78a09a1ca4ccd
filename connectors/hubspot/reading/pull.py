"""Reading from HubSpot so that no row is missed (what users of other connectors complain about).

A full pull lists; a delta searches by keyset: closed window on the modified date, `hs_object_id` above the last one,
sorted by id, never paged by `after`. So neither the cap of 10,000 rows a query nor ten thousand rows with one time
stamp can hide or repeat a row, and a pull can go on where it was killed. Archived rows, which search never shows, are
listed apart. Merged records come as a new record that names its ancestors.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from sales_consultant.config.clock import DAY_MS
from sales_consultant.connectors.base import Known, Page
from sales_consultant.connectors.hubspot.api import HubSpotApi, Paths, batches, following
from sales_consultant.connectors.hubspot.reading import rows
from sales_consultant.connectors.hubspot.reading.schema import (
    ACTIVITIES,
    LINKS,
    Selection,
    api_type,
    link_table,
    modified_property,
)

# As HubSpot documents it: rows of a list (developers.hubspot.com, CRM objects).
LIST_LIMIT = 100
# Peers report 414 from 16,000 characters on; above this the ids are listed and the records read by POST. Half of it, a
# judgement: a proxy may take less.
URL_LIMIT = 8000
# Activities whose links are read again, whatever their stamp. A judgement: people link an activity in the days after
# it; what is linked later is found by the weekly comparison of ids and links.
RECENT_MS = 14 * DAY_MS

Json = dict[str, Any]
# Records of an answer, the place behind them, and how many rows there are in all where the answer says (a list does not).
Answered = tuple[list[Json], str, int | None]


@dataclass(frozen=True)
class Sizes:
    """How many rows an answer brings at most, as HubSpot documents it: of a list, of records with their history, of a
    search, of links. `page` is ours: rows of a transaction, as many as `TRANSACTION_ROWS` of `sync.pull`."""

    list: int = LIST_LIMIT
    history: int = 50
    search: int = 200
    links: int = 1000
    page: int = 4000


class Puller:
    """Pages of HubSpot's objects and links."""

    def __init__(
        self,
        api: HubSpotApi,
        paths: Paths,
        selection: Callable[[str], Selection],
        sizes: Sizes = Sizes(),
    ) -> None:
        self.api = api
        self.paths = paths
        self.selection = selection
        self.sizes = sizes

    def _seen(self) -> int:
        return self.api.transport.server_ms or 0

    def records(
        self, object_type: str, *, since: int | None, until: int, resume: str | None
    ) -> Iterator[Page]:
        """All records, or those modified in [since, until]; then the archived ones."""
        stage, _, at = (resume or "").partition(":")
        if stage in ("", "live"):
            source = (
                self._list(object_type, at or None)
                if since is None
                else self._search(object_type, since, until, at)
            )
            yield from self._pages(object_type, source, "live")
        yield from self._pages(
            object_type, self._archived(object_type, at if stage == "archived" else None), "archived"
        )

    def _pages(self, object_type: str, source: Iterator[Answered], stage: str) -> Iterator[Page]:
        """A page an answer, after its histories: a kill between the two leaves the old place, so both are read again."""
        selection = self.selection(object_type)
        for found, place, total in source:
            if found:
                yield from self._page(object_type, found, selection, f"{stage}:{place}", total)

    def _page(
        self,
        object_type: str,
        found: list[Json],
        selection: Selection,
        resume: str | None,
        total: int | None = None,
    ) -> Iterator[Page]:
        # A row may come twice when it changes while we read: the last one read wins.
        found = list({rows.record_id(r): r for r in found}.values())
        seen = self._seen()
        scope = rows.ids(rows.record_id(r) for r in found)
        odd: rows.Odd = Counter()
        if selection.history and not found[0].get("archived"):
            past = rows.history(found, seen=seen, odd=odd)
            yield Page(f"{object_type}_history", past, None, "record_id", scope)
        table = rows.records(found, selection.properties, seen=seen, odd=odd)
        yield Page(object_type, table, resume, "id", scope, total, kinds=selection.kinds, odd=odd)

    def _list(self, object_type: str, after: str | None) -> Iterator[Answered]:
        """GET pages in order of id; the place is the `after` of the next page, "end" on the last."""
        selection = self.selection(object_type)
        long = _too_long((*selection.properties, *selection.history))
        query: Json = {
            "limit": self.sizes.history if selection.history else self.sizes.list,
            "archived": False,
        }
        if long:
            query["limit"] = self.sizes.list
            query["properties"] = "hs_object_id"
        else:
            query["properties"] = ",".join(selection.properties) or "hs_object_id"
            query["propertiesWithHistory"] = ",".join(selection.history) or None
        while after != "end":
            answer = self.api.get(self.paths.objects(api_type(object_type)), after=after, **query)
            records = answer["results"]
            if long and records:
                records = self._read(object_type, [r["id"] for r in records])
            after = following(answer) or "end"
            yield records, after, None

    def _archived(self, object_type: str, after: str | None) -> Iterator[Answered]:
        """Archived rows with what they held: restorable for 90 days, and never in a search."""
        properties = self.selection(object_type).properties
        long = _too_long(properties)
        for records, place in self._walk(
            object_type,
            after,
            archived=True,
            properties="hs_object_id" if long else ",".join(properties),
            kind="archived",
        ):
            if long and records:
                records = self._read(object_type, [r["id"] for r in records], archived=True)
            yield records, place, None

    def _walk(
        self, object_type: str, after: str | None, *, archived: bool, properties: str, kind: str = ""
    ) -> Iterator[tuple[list[Json], str]]:
        """Answers of a list without history in order of id; the place is the `after` of the next, "end" on the last."""
        while after != "end":
            query = {
                "limit": self.sizes.list,
                "archived": archived,
                "properties": properties or "hs_object_id",
                "after": after,
            }
            answer = self.api.call("GET", self.paths.objects(api_type(object_type)), query=query, kind=kind)[
                1
            ]
            after = following(answer) or "end"
            yield answer["results"], after

    def _search(self, object_type: str, since: int, until: int, last: str) -> Iterator[Answered]:
        """Keyset by id inside a closed window of the modified date."""
        selection = self.selection(object_type)
        modified = modified_property(object_type)
        last, read = last or "0", 0
        while True:
            body = {
                "filterGroups": [
                    {
                        "filters": [
                            {"propertyName": modified, "operator": "GTE", "value": str(since)},
                            {"propertyName": modified, "operator": "LTE", "value": str(until)},
                            {"propertyName": "hs_object_id", "operator": "GT", "value": last},
                        ]
                    }
                ],
                "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
                "limit": self.sizes.search,
                "properties": ["hs_object_id"] if selection.history else list(selection.properties),
            }
            answer = self.api.post(self.paths.search(api_type(object_type)), body)
            records, left = answer["results"], answer.get("total")
            if not records:
                return
            count = len(records)
            # The answer counts what lies above its place.
            total = read + left if isinstance(left, int) else None
            read += count
            last = max((str(r["id"]) for r in records), key=int)
            if selection.history:
                records = self._read(object_type, [r["id"] for r in records])
            yield records, last, total
            if count < self.sizes.search:
                return

    def _read(self, object_type: str, record_ids: Sequence[str], *, archived: bool = False) -> list[Json]:
        """Records by id, with current values; one that is gone by now is left out."""
        selection = self.selection(object_type)
        history = selection.history and not archived
        asked: Json = {"properties": list(selection.properties)}
        if history:
            asked["propertiesWithHistory"] = list(selection.history)
        return self._by_id(object_type, record_ids, asked, archived=archived)

    def _by_id(
        self, object_type: str, record_ids: Sequence[str], asked: Json, *, archived: bool = False
    ) -> list[Json]:
        """What is asked of records, by POST, which no number of names is too long for."""
        size = self.sizes.history if "propertiesWithHistory" in asked else self.sizes.list
        path = self.paths.batch(api_type(object_type), "read") + ("?archived=true" if archived else "")
        records: list[Json] = []
        for start in range(0, len(record_ids), size):
            inputs = [{"id": i} for i in record_ids[start : start + size]]
            records += batches.read(self.api, path, inputs, id_of=lambda r: str(r["id"]), **asked)
        return records

    def inventory(self, object_type: str) -> "Iterator[pa.Table]":
        """Id, time of change and archived state of every record: a list without properties."""
        for archived in (False, True):
            waiting: list[Json] = []
            for found, place in self._walk(
                object_type, None, archived=archived, properties="hs_object_id", kind="reconcile"
            ):
                waiting += found
                if len(waiting) >= self.sizes.page or place == "end":
                    yield rows.stamps(waiting)
                    waiting = []

    def reread(self, object_type: str, record_ids: Sequence[str]) -> Iterator[Page]:
        """Records by id, archived ones too, whenever they changed."""
        for start in range(0, len(record_ids), self.sizes.page):
            part = list(record_ids[start : start + self.sizes.page])
            found = self._read(object_type, part)
            for some in (found, self._read(object_type, part, archived=True)):
                if some:
                    yield from self._page(object_type, some, self.selection(object_type), None)

    def computed(self, object_type: str) -> Iterator[Page]:
        """What HubSpot computes, of all records: it changes without the record's modified date."""
        names = self.selection(object_type).calculated
        if not names:
            return
        long = _too_long(names)
        properties = "hs_object_id" if long else ",".join(names)
        for records, _ in self._walk(object_type, None, archived=False, properties=properties):
            if long and records:
                records = self._by_id(object_type, [r["id"] for r in records], {"properties": list(names)})
            if records:
                odd: rows.Odd = Counter()
                table = rows.values(records, names, odd=odd)
                yield Page(object_type, table, None, patch=True, odd=odd)

    def links(
        self, stream: str, *, since: int | None, until: int, resume: str | None, known: Known
    ) -> Iterator[Page]:
        """Links of all records, or of those read since the last time, of open deals and of recent activities.

        A link can change without touching its records, which is why open deals and recent activities are always read
        again. A record that is absent from the answer has no links: its old ones go.
        """
        from_type, to_type = next((a, b) for a, b in LINKS if link_table(a, b) == stream)
        if since is None:
            wanted = set(known.ids(from_type))
        else:
            wanted = set(known.ids(from_type, read_since=since))
            if from_type == "deals":
                wanted |= set(known.open_deals())
            if from_type in ACTIVITIES:
                wanted |= set(known.ids(from_type, changed_since=until - RECENT_MS))
            # A merge moves the links of others, and touches none of them.
            wanted |= set(known.dangling_links(stream, to_type))
        ordered = sorted(wanted, key=_order)
        if resume:
            ordered = [i for i in ordered if _order(i) > _order(resume)]
        for start in range(0, len(ordered), self.sizes.links):
            part = ordered[start : start + self.sizes.links]
            found = self._links(from_type, to_type, part)
            unclear = rows.unreadable_links(found)
            table = rows.links([r for r in found if str(r["from"]["id"]) not in unclear], seen=self._seen())
            scope = rows.ids(i for i in part if i not in unclear)
            odd = {"toObjectId": len(unclear)}
            yield Page(stream, table, part[-1], "from_id", scope, len(ordered), odd=odd)

    def _links(self, from_type: str, to_type: str, record_ids: Sequence[str]) -> list[Json]:
        path = self.paths.associations(api_type(from_type), to_type)
        inputs: list[Json] = [{"id": i} for i in record_ids]
        links: list[Json] = []
        while inputs:
            answered = batches.read(
                self.api, path, inputs, id_of=lambda r: str(r["from"]["id"]), kind="links"
            )
            links += answered
            # Paging is a record's own: only those with more links are asked again.
            inputs = [{"id": str(r["from"]["id"]), "after": following(r)} for r in answered if following(r)]
        return links

    def campaigns(self) -> Page:
        """Marketing campaigns."""
        listed: list[Json] = []
        after = None
        names = (
            "hs_name",
            "hs_start_date",
            "hs_end_date",
            "hs_budget_items_sum_amount",
            "hs_currency_code",
            "hs_campaign_type",
        )
        while after != "end":
            answer = self.api.get(
                self.paths.campaigns(), limit=LIST_LIMIT, properties=",".join(names), after=after
            )
            listed += [
                {**{n: (r.get("properties") or {}).get(n) for n in names}, "id": rows.record_id(r)}
                for r in answer["results"]
            ]
            after = following(answer) or "end"
        return Page("campaigns", rows.texts(listed, ("id", *names), seen=self._seen()), None, "", None)


def _too_long(names: Iterable[str]) -> bool:
    """Whether an address with these names may be refused."""
    return sum(len(n) + 3 for n in names) > URL_LIMIT


def _order(record_id: str) -> tuple[int, str]:
    """Ids in the order of their numbers, other ids after them."""
    return (int(record_id), "") if record_id.isdigit() else (2**63, record_id)
