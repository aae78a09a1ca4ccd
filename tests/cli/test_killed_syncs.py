"""SIGKILL at random moments, twenty of them: the CRM stays what the journal says, and nothing is written twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support import kills
from support.warm import Nursery

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as made:
        yield made


@pytest.mark.parametrize("crm", kills.CRMS)
def test_ten_kills(tmp_path: Path, crm: str, nursery: Nursery) -> None:
    """Pull, plan, push, rollback and the whole sync are killed, at least some of them while they write."""
    found = kills.play(tmp_path, crm, 10, kills.SEED, nursery)
    assert found.kills == 10
    assert (found.lost, found.redundant) == (0, 0), found.notes
    assert found.tasks, "there are tasks, and each is there once"
    assert sum(n for what, n in found.during.items() if "," in what) >= 2
