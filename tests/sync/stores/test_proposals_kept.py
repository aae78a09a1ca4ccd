"""Proposals in the state: one of the same id takes the other's place; erased with any record that they speak of; pruned by age."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.sections import Retention
from sales_consultant.sync.stores import State, proposal_records, proposals_kept
from sales_consultant.sync.stores.retention import prune

NOW = 1_730_000_000_000


def keep(state: State, id: str, *records: str, at: int = NOW, files: tuple[str, ...] = ()) -> None:
    """Keep a proposal that speaks of records, as "contacts/3"."""
    content: dict[str, Any] = {"id": id, "company_id": "7", "files": list(files)}
    pairs = [(r.split("/")[0], r.split("/")[1]) for r in records]
    proposals_kept.keep(state, content, as_of=at, made_at=at, review_at=at + DAY_MS, records=pairs)


def ids(state: State) -> list[str]:
    """The ids of what is kept."""
    return [p["id"] for p in proposals_kept.kept(state)]


def test_the_same_proposal_made_again_is_one_and_knows_all_its_pages(tmp_path: Path) -> None:
    state = State(None)
    pages = [tmp_path / "one.html", tmp_path / "two.html"]
    for page in pages:
        page.write_text("about them", encoding="utf-8")
        keep(state, "a", "companies/7", "contacts/3", files=(str(page),))
    keep(state, "a", "companies/7")
    assert ids(state) == ["a"]
    assert proposals_kept.erase(state, "contacts", "3") == (0, [])
    assert proposals_kept.erase(state, "companies", "7") == (1, [str(p) for p in pages])
    assert not any(p.exists() for p in pages) and ids(state) == []


def test_a_page_that_somebody_removed_is_no_failure(tmp_path: Path) -> None:
    state = State(None)
    keep(state, "a", "contacts/3", files=(str(tmp_path / "gone.html"),))
    assert proposals_kept.erase(state, "contacts", "3") == (1, [])


def test_retention_removes_what_is_old_and_only_where_it_is_said() -> None:
    state = State(None)
    keep(state, "old", "companies/7", at=NOW - 40 * DAY_MS)
    keep(state, "new", "companies/8", at=NOW - 20 * DAY_MS)
    assert prune(state, Retention(), now=NOW)["proposals"] == 0
    assert prune(state, Retention(proposals_days=30), now=NOW)["proposals"] == 1
    assert ids(state) == ["new"]
    assert len(state.rows(sa.select(proposal_records))) == 1


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["keep", "erase"]),
            st.sampled_from("abc"),
            st.lists(st.sampled_from("123"), max_size=3),
        ),
        max_size=12,
    )
)
def test_what_was_erased_is_in_no_proposal(steps: list[tuple[str, str, list[str]]]) -> None:
    state, kept = State(None), dict[str, set[str]]()
    for what, id, people in steps:
        if what == "keep":
            keep(state, id, *(f"contacts/{p}" for p in people))
            kept[id] = set(people)
        else:
            for p in people:
                proposals_kept.erase(state, "contacts", p)
                kept = {k: v for k, v in kept.items() if p not in v}
    assert set(ids(state)) == set(kept)
    rows = state.rows(sa.select(proposal_records))
    assert {(r["proposal_id"], r["record_id"]) for r in rows} == {(k, p) for k, v in kept.items() for p in v}
    state.close()
