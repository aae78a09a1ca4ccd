"""Which models are in force: published, withdrawn after two bad verdicts, reverted."""

from pathlib import Path
from typing import Any

import pytest

from sales_consultant.config.errors import UsageError
from sales_consultant.scoring.model_file import FILE, FORMAT_VERSION
from sales_consultant.sync.models import registry
from sales_consultant.sync.stores.state import State


class Shelf:
    """A state and a folder of models that hold nothing but their names."""

    def __init__(self, folder: Path) -> None:
        self.state = State(None)
        self.folder = folder
        self.now = 0

    def trained(self, digest: str, verdict: str = "better than base rate", *, publish: bool = True) -> None:
        """One training's end, as `train` records it."""
        self.now += 1
        (self.folder / digest).mkdir()
        (self.folder / digest / FILE).write_text(f'{{"format_version": {FORMAT_VERSION}}}', encoding="utf-8")
        registry.enter(self.state, digest, "deals", "propensity", verdict, {}, 0, self.now, publish=publish)
        if not publish:
            registry.maybe_withdraw(self.state, "deals", self.now)

    @property
    def in_force(self) -> str | None:
        row = registry.in_force_row(self.state, "deals")
        return row["digest"] if row else None

    def revert(self, name: str = "deals") -> dict[str, Any]:
        self.now += 1
        return registry.revert(self.state, self.folder, name, now=self.now).to_json()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def test_a_model_goes_back_and_forth(shelf: Shelf) -> None:
    for digest in ("one", "two"):
        shelf.trained(digest)
    assert shelf.in_force == "two"
    assert shelf.revert() == {"name": "deals", "in_force": "one", "withdrawn": "two"}
    assert shelf.in_force == "one"
    shelf.revert()
    assert shelf.in_force == "two"


def test_there_must_be_something_to_go_back_to(shelf: Shelf) -> None:
    with pytest.raises(UsageError, match="ever in force"):
        shelf.revert()
    shelf.trained("one")
    with pytest.raises(UsageError, match="no earlier model"):
        shelf.revert()
    shelf.trained("two")
    (shelf.folder / "one" / FILE).write_text('{"format_version": 1}', encoding="utf-8")
    with pytest.raises(UsageError, match="no earlier model"):
        shelf.revert()
    assert shelf.in_force == "two"
    with pytest.raises(UsageError) as e:
        shelf.revert("deal")
    assert "deals" in e.value.action


def test_one_bad_verdict_withdraws_nothing_and_two_do(shelf: Shelf) -> None:
    shelf.trained("one")
    shelf.trained("bad", "no better than base rate", publish=False)
    assert shelf.in_force == "one"
    shelf.trained("worse", "no better than base rate", publish=False)
    assert shelf.in_force is None
    assert shelf.revert()["in_force"] == "one"


def test_what_the_gate_kept_out_is_no_bad_verdict(shelf: Shelf) -> None:
    shelf.trained("one")
    shelf.trained("kept out", publish=False)
    shelf.trained("kept out too", publish=False)
    assert shelf.in_force == "one"
    shelf.trained("bad", "no better than base rate", publish=False)
    assert shelf.in_force == "one"
