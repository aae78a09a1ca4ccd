"""Associations between HubSpot records: the types that are defined, and making and removing links."""

from collections.abc import Iterable, Mapping
from typing import Any

from sales_consultant.sandbox.clock import iso
from sales_consultant.sandbox.hubspot.portal import KINDS, VENDOR, Kind, Portal, bad, dumps, kind_of
from sales_consultant.sandbox.store import Link

Json = dict[str, Any]
DEFINED = "HUBSPOT_DEFINED"
# (from, to): [(type id, label)], the type without a label first; the other direction has ids of its own.
_PAIRS: tuple[tuple[str, str, int, int], ...] = (
    ("contacts", "companies", 279, 280),
    ("deals", "companies", 341, 342),
    ("deals", "contacts", 3, 4),
    ("deals", "line_items", 19, 20),
    ("tickets", "contacts", 16, 15),
    ("tickets", "companies", 339, 340),
    ("tickets", "deals", 28, 27),
    ("contacts", "contacts", 449, 449),
    ("companies", "companies", 450, 450),
    ("deals", "deals", 451, 451),
    *(
        (a, o, number + 1, number)
        for a, numbers in {
            "calls": (193, 181, 205),
            "emails": (197, 185, 209),
            "meetings": (199, 187, 211),
            "notes": (201, 189, 213),
            "tasks": (203, 191, 215),
        }.items()
        for o, number in zip(("contacts", "companies", "deals"), numbers, strict=True)
    ),
    ("communications", "contacts", 81, 82),
    ("communications", "companies", 87, 88),
    ("communications", "deals", 85, 86),
    ("postal_mail", "contacts", 453, 454),
    ("postal_mail", "tickets", 455, 456),
    ("postal_mail", "deals", 457, 458),
    ("postal_mail", "companies", 459, 460),
    # HubSpot's documents give no numbers for these; labels and reads lead to them as to all others.
    ("feedback_submissions", "contacts", 98, 97),
    ("feedback_submissions", "tickets", 100, 99),
    ("leads", "contacts", 578, 579),
    ("leads", "companies", 610, 611),
)
_PRIMARY = {
    ("contacts", "companies"): 1,
    ("companies", "contacts"): 2,
    ("deals", "companies"): 5,
    ("companies", "deals"): 6,
    ("tickets", "companies"): 26,
    ("companies", "tickets"): 25,
}
DEFAULT: Mapping[tuple[str, str], int] = {
    **{(a, b): forth for a, b, forth, _ in _PAIRS},
    **{(b, a): back for a, b, _, back in _PAIRS},
}
_BACK = {
    **{(a, b, forth): back for a, b, forth, back in _PAIRS},
    **{(b, a, back): forth for a, b, forth, back in _PAIRS},
    **{(a, b, n): _PRIMARY[(b, a)] for (a, b), n in _PRIMARY.items()},
}


def default_type(from_object: str, to_object: str) -> int:
    """The unlabelled type between two objects. Raises ApiError 400 where none is defined."""
    found = DEFAULT.get((from_object, to_object))
    if found is None:
        raise bad(f"{from_object} and {to_object} cannot be associated")
    return found


def primary_type(from_object: str, to_object: str) -> int | None:
    """The type of the primary link between two objects; None where there is no such thing."""
    return _PRIMARY.get((from_object, to_object))


def labels(portal: Portal, from_object: str, to_object: str) -> list[Json]:
    """All association types between two objects, as the labels endpoint lists them."""
    found: list[Json] = []
    if (from_object, to_object) in _PRIMARY:
        found.append({"category": DEFINED, "typeId": _PRIMARY[from_object, to_object], "label": "Primary"})
    if (from_object, to_object) in DEFAULT:
        found.append({"category": DEFINED, "typeId": DEFAULT[from_object, to_object], "label": None})
    held = portal.store.documents(VENDOR, "label", f"{from_object}:{to_object}")
    found += sorted(held.values(), key=lambda d: int(d["typeId"]))
    return found


def add_label(
    portal: Portal, from_object: str, to_object: str, label: str, inverse: str | None = None
) -> Json:
    """Define a label of the portal's own, both directions; the same one again is returned."""
    existing = {d["label"]: d for d in labels(portal, from_object, to_object)}
    if label in existing:
        return existing[label]
    number = portal.store.next_seq(VENDOR, "labels", 2, start=1)
    forth = {"category": "USER_DEFINED", "typeId": number, "label": label}
    back = {"category": "USER_DEFINED", "typeId": number + 1, "label": inverse or label}
    portal.store.put(VENDOR, "label", f"{from_object}:{to_object}", str(number), forth)
    portal.store.put(VENDOR, "label", f"{to_object}:{from_object}", str(number + 1), back)
    return forth


def rename_label(
    portal: Portal, from_object: str, to_object: str, type_id: int, label: str, inverse: str | None
) -> None:
    """Call a label of the portal's own otherwise, on links that carry it too. Raises ApiError 400 for another's."""
    _own_label(portal, from_object, to_object, type_id)
    for ends, number, text in (
        ((from_object, to_object), type_id, label),
        ((to_object, from_object), _other(type_id), inverse or label),
    ):
        body = {"category": "USER_DEFINED", "typeId": number, "label": text}
        portal.store.put(VENDOR, "label", ":".join(ends), str(number), body)
        portal.store.write(
            "UPDATE associations SET label = ? WHERE vendor = ? AND from_object = ? AND to_object = ? AND type_id = ? "
            "AND category = 'USER_DEFINED'",
            (text, VENDOR, *ends, number),
        )


def drop_label(portal: Portal, from_object: str, to_object: str, type_id: int) -> None:
    """Take a label of the portal's own away, and from the links that carry it. Raises ApiError 400 for another's."""
    _own_label(portal, from_object, to_object, type_id)
    for ends, number in (((from_object, to_object), type_id), ((to_object, from_object), _other(type_id))):
        portal.store.drop(VENDOR, "label", ":".join(ends), str(number))
        portal.store.write(
            "DELETE FROM associations WHERE vendor = ? AND from_object = ? AND to_object = ? AND type_id = ? AND "
            "category = 'USER_DEFINED'",
            (VENDOR, *ends, number),
        )


def _other(type_id: int) -> int:
    """The same label the other way: they are drawn in pairs, the first one odd."""
    return type_id + 1 if type_id % 2 else type_id - 1


def _own_label(portal: Portal, from_object: str, to_object: str, type_id: int) -> None:
    if str(type_id) not in portal.store.documents(VENDOR, "label", f"{from_object}:{to_object}"):
        raise bad(
            f"The association type {type_id} is not defined by this portal for {from_object} to {to_object}"
        )


def pair(
    from_object: str,
    from_id: str,
    to_object: str,
    to_id: str,
    category: str,
    type_id: int,
    label: str | None,
    at: int,
) -> list[Link]:
    """Both directions of a link. HubSpot's own types have another id each way, labels of the portal the next one."""
    if category == DEFINED:
        back = _BACK.get((from_object, to_object, type_id), type_id)
    else:
        back = type_id + 1 if type_id % 2 else type_id - 1
    return [
        Link(from_object, from_id, to_object, to_id, category, type_id, label, at),
        Link(to_object, to_id, from_object, from_id, category, back, label, at),
    ]


def make(
    portal: Portal, from_kind: Kind, from_id: str, to_kind: Kind, to_id: str, types: Iterable[Json] | None
) -> list[Json]:
    """Link two records with types, each as {associationCategory, associationTypeId}; None is the default type.

    A labelled link carries the unlabelled type as well. Returns what was linked. Raises ApiError 400.
    """
    at = portal.clock.now_ms()
    known = {(d["category"], int(d["typeId"])): d for d in labels(portal, from_kind.name, to_kind.name)}
    plain = (DEFINED, default_type(from_kind.name, to_kind.name))
    wanted = [plain]
    for one in types or ():
        key = (str(one.get("associationCategory")), int(one.get("associationTypeId", 0)))
        if key not in known:
            raise bad(
                f"{key[0]} association type {key[1]} between {from_kind.name} and {to_kind.name} does not exist"
            )
        wanted.append(key)
    made = [
        link
        for category, number in dict.fromkeys(wanted)
        for link in pair(
            from_kind.name,
            from_id,
            to_kind.name,
            to_id,
            category,
            number,
            known[category, number]["label"],
            at,
        )
    ]
    portal.store.link(VENDOR, made)
    recount(portal, from_kind, from_id)
    recount(portal, to_kind, to_id)
    return [known[k] for k in dict.fromkeys(wanted)]


def link_new(portal: Portal, kind: Kind, record_id: str, associations: Iterable[Json]) -> None:
    """The links that a new record is created with: [{to: {id}, types: [...]}]."""
    for one in associations:
        target = str((one.get("to") or {}).get("id"))
        for type in one.get("types") or ():
            number = int(type.get("associationTypeId", 0))
            to_name = next(
                (b for (a, b), n in {**DEFAULT, **_PRIMARY}.items() if a == kind.name and n == number), None
            )
            primary = next((b for (a, b), n in _PRIMARY.items() if a == kind.name and n == number), to_name)
            to_kind = kind_of(primary or "")
            if to_kind is None:
                raise bad(f"association type {number} does not begin at {kind.name}")
            if portal.store.get(VENDOR, to_kind.name, target) is None:
                raise bad(f"{to_kind.label} with id {target} does not exist")
            make(portal, kind, record_id, to_kind, target, [type])
            if kind.name == "tasks":
                _note_task(portal, record_id, to_kind, target)


def _note_task(portal: Portal, task_id: str, kind: Kind, record_id: str) -> None:
    """What HubSpot counts and dates of a record's activities, tasks among them; it moves the record's modified date."""
    task, record = portal.store.get(VENDOR, "tasks", task_id), portal.store.get(VENDOR, kind.name, record_id)
    if task is None or record is None or kind.name not in ("contacts", "companies", "deals"):
        return
    now, values = portal.clock.now_ms(), record.values()
    values["num_notes"] = str(int(values.get("num_notes") or 0) + 1)
    values["notes_last_updated"] = iso(now)
    due = task.values().get("hs_timestamp")
    if due and due > iso(now):
        values["notes_next_activity_date"] = min(due, values.get("notes_next_activity_date") or due)
    portal.store.update(
        VENDOR, kind.name, record._replace(properties=dumps(values), modified=max(now, record.modified))
    )


def recount(portal: Portal, kind: Kind, record_id: str) -> None:
    """Renew the counts of associated records; a rollup changes without moving the modified date."""
    counts = {
        "contacts": {"num_associated_deals": "deals"},
        "companies": {"num_associated_contacts": "contacts", "num_associated_deals": "deals"},
        "deals": {"num_associated_contacts": "contacts"},
    }.get(kind.name)
    record = portal.store.get(VENDOR, kind.name, record_id) if counts else None
    if record is None or not counts:
        return
    values = record.values()
    for name, other in counts.items():
        linked = {
            link.to_id for link in portal.store.links(VENDOR, kind.name, (record_id,), KINDS[other].name)
        }
        values[name] = str(len(linked))

    portal.store.update(VENDOR, kind.name, record._replace(properties=dumps(values)))
