"""What follows from signals for other tables: who wrote that they want no more mail is a contact who opted out."""

from collections.abc import Sequence
from dataclasses import replace

from sales_consultant.config.neutral import Source, TableMapping

# What somebody wrote themselves. A rep's note about it is no word of theirs.
_UNSUBSCRIBED = """r.id IN (SELECT a.to_id FROM signals g JOIN associations a ON a.from_object = 'activity'
 AND a.from_id = g.activity_id AND a.to_object = 'contact' WHERE g.unsubscribed AND g.direction = 'inbound'
 AND NOT coalesce(g.deleted, false))"""
_FIRST = ("signals", "associations")


def with_unsubscribed(mapping: TableMapping) -> TableMapping:
    """The mapping with `email_opt_out` true also for contacts who wrote so; as it is where no text was ever read.

    Nothing is said of others: an unknown stays unknown.
    """
    contacts: Sequence[Source] = mapping.get("contacts", ())
    if not mapping.get("signals") or not contacts:
        return mapping
    blocked = [
        replace(
            source,
            columns={
                **source.columns,
                "email_opt_out": f"CASE WHEN {_UNSUBSCRIBED} THEN true ELSE "
                f"{source.columns.get('email_opt_out', 'NULL')} END",
            },
        )
        for source in contacts
    ]
    # A view reads those that stand before it.
    ordered: dict[str, Sequence[Source]] = {}
    for table, sources in mapping.items():
        if table == "contacts":
            ordered |= {t: mapping[t] for t in _FIRST if t in mapping}
            ordered["contacts"] = blocked
        elif table not in _FIRST:
            ordered[table] = sources
    return ordered
