"""Account proposals in the state: kept, read, and erased with the records that they speak of."""

import contextlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sales_consultant.sync.stores.state import State, proposal_records, proposals


def keep(
    state: State,
    content: dict[str, Any],
    *,
    as_of: int,
    made_at: int,
    review_at: int,
    records: Iterable[tuple[str, str]],
) -> None:
    """Keep a proposal (`content` has id, company_id and files); one of the same id takes the place of the other.

    `records` are the object and id of every record that it may speak of. Times in ms.
    """
    with state.begin() as c:
        known = c.execute(sa.select(proposals.c.files).where(proposals.c.id == content["id"])).scalar()
        files = sorted({*json.loads(known or "[]"), *content["files"]})
        _remove(c, [content["id"]])
        c.execute(
            sa.insert(proposals).values(
                id=content["id"],
                company_id=content["company_id"],
                as_of=as_of,
                made_at=made_at,
                review_at=review_at,
                content=json.dumps(content, ensure_ascii=False),
                files=json.dumps(files, ensure_ascii=False),
            )
        )
        rows = [{"proposal_id": content["id"], "object": o, "record_id": i} for o, i in sorted(set(records))]
        if rows:
            c.execute(sa.insert(proposal_records), rows)


def kept(state: State, company_id: str | None = None) -> list[dict[str, Any]]:
    """The contents of the kept proposals, of one company or all, the newest first."""
    query = sa.select(proposals.c.content).order_by(proposals.c.as_of.desc(), proposals.c.id)
    if company_id is not None:
        query = query.where(proposals.c.company_id == company_id)
    return [json.loads(r["content"]) for r in state.rows(query)]


def erase(state: State, object: str, record_id: str) -> tuple[int, list[str]]:
    """Remove every proposal that may speak of a record, and its pages; how many, and the pages that were removed."""
    of_it = sa.select(proposal_records.c.proposal_id).where(
        proposal_records.c.object == object, proposal_records.c.record_id == record_id
    )
    return _away(state, proposals.c.id.in_(of_it))


def prune(state: State, before: int) -> int:
    """Remove the proposals that were made before a moment (ms), and their pages; how many."""
    return _away(state, proposals.c.made_at < before)[0]


def _away(state: State, which: Any) -> tuple[int, list[str]]:
    rows = state.rows(sa.select(proposals.c.id, proposals.c.files).where(which))
    gone = []
    for path in sorted({Path(p) for r in rows for p in json.loads(r["files"])}):
        # Before the row: killed in between, the state still knows where the pages are.
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
            gone.append(str(path))
    with state.begin() as c:
        _remove(c, [str(r["id"]) for r in rows])
    return len(rows), gone


def _remove(c: Connection, ids: list[str]) -> None:
    c.execute(sa.delete(proposal_records).where(proposal_records.c.proposal_id.in_(ids)))
    c.execute(sa.delete(proposals).where(proposals.c.id.in_(ids)))
