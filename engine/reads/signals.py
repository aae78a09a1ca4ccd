"""What people wrote, as signals, by the record that it belongs to."""

from typing import Any

import pandas as pd

from sales_consultant.engine.duck import DuckEngine
from sales_consultant.engine.protocol import Engine

# What came in, and what a rep noted about a talk; a rep's own mail says nothing of the customer. Known by the as-of: the
# text, its moment and the link to the record. Links of an activity are made with it, unless the CRM dates them: when we saw
# them first says nothing, as a pull sees all that is new after the moment that its run counts from.
_KNOWN = """NOT coalesce(g.deleted, false) AND (g.direction = 'inbound' OR g.type IN ('note', 'call', 'meeting'))
 AND g.known_at <= {as_of} AND g.occurred_at <= {as_of} AND coalesce(a.known_at, g.known_at) <= {as_of}"""
# A machine wrote an automatic reply: it is no message of theirs, and takes nothing back that they wrote before.
_LATEST = """SELECT CASE a.to_object WHEN 'deal' THEN 'deals' ELSE 'contacts' END AS object, a.to_id AS record_id,
 arg_max(g.intent, g.occurred_at) FILTER (g.intent NOT IN ('none', 'out_of_office')) AS intent,
 max(g.occurred_at) FILTER (g.intent NOT IN ('none', 'out_of_office')) AS at_intent,
 max(g.occurred_at) FILTER (g.intent = 'out_of_office') AS at_away,
 arg_max(g.sentiment, g.occurred_at) FILTER (g.intent IS DISTINCT FROM 'out_of_office') AS sentiment,
 coalesce(bool_or(g.unsubscribed) FILTER (g.direction = 'inbound'), false) AS unsubscribed
 FROM signals g JOIN associations a ON a.from_object = 'activity' AND a.from_id = g.activity_id
 WHERE a.to_object IN ('deal', 'contact') AND {known}
 GROUP BY 1, 2 ORDER BY 1, 2"""
_OF_COMPANY = """SELECT DISTINCT g.activity_id, g.intent, g.occurred_at, g.sentiment, g.competitors, g.products
 FROM signals g JOIN associations a ON a.from_object = 'activity' AND a.from_id = g.activity_id
 WHERE {known} AND g.occurred_at > $since AND ((a.to_object = 'company' AND a.to_id = $id)
 OR (a.to_object = 'contact' AND a.to_id IN (SELECT id FROM contacts WHERE company_id = $id))
 OR (a.to_object = 'deal' AND a.to_id IN (SELECT id FROM deals WHERE company_id = $id)))
 ORDER BY g.occurred_at DESC, g.activity_id"""


def latest(engine: Engine, as_of: int) -> pd.DataFrame:
    """A row a deal or contact about whom something was written by `as_of` (ms).

    Columns: object, record_id, intent and at_intent (ms) of the last message of a person with an intent, at_away (ms) of the
    last automatic reply, sentiment of the last message of a person, unsubscribed.
    """
    return engine.small(_LATEST.format(known=_KNOWN.format(as_of=int(as_of))))


def of_company(engine: DuckEngine, company_id: str, as_of: int, since: int) -> list[dict[str, Any]]:
    """What was written by or about a company, its people and deals after `since` (ms), newest first."""
    query = _OF_COMPANY.format(known=_KNOWN.format(as_of=int(as_of)))
    found = engine.con.execute(query, {"id": company_id, "since": since})
    names = [c[0] for c in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def outdated(engine: DuckEngine, rules: int) -> int:
    """How many signals were made by other rules than these."""
    row = engine.con.execute("SELECT count(*) FROM signals WHERE rules <> ?", [rules]).fetchall()[0]
    return int(row[0])
