"""A model's card as a page: what the card says, escaped, with the plots beside it."""

from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from support.worlds import NOW

from sales_consultant.config.errors import MachineError, UsageError
from sales_consultant.config.populations import Population
from sales_consultant.scoring.propensity.model import PopulationModel
from sales_consultant.scoring.propensity.rules import RuleModel
from sales_consultant.sync.models import card_page, cards, registry
from sales_consultant.sync.stores.state import State

if TYPE_CHECKING:
    from sales_consultant.sync.runtime.workspace import Workspace

DEALS = Population(object="deals", event="won", label="Sales")
NASTY = '<script>alert("x")</script>'


def desk(folder: Path, card: dict[str, Any], report: dict[str, Any]) -> tuple["Workspace", str]:
    """A model with this card, in force."""
    state = State(None)
    model = PopulationModel("deals", DEALS, "deal won", 90, NOW, [], [], None, RuleModel(), 1.0, {}, [], card)
    digest = registry.keep(model, folder)
    registry.enter(
        state, digest, "deals", registry.PROPENSITY, "better than base rate", report, NOW, NOW, publish=True
    )
    return cast("Workspace", SimpleNamespace(state=state, models_folder=folder)), digest


class Reader(HTMLParser):
    """The texts of a page, its tags and its pictures."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.images: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.images += [v for k, v in attrs if k == "src" and v]

    def handle_data(self, data: str) -> None:
        self.text += f"{data}\n"


def test_the_page_says_what_the_card_says_and_shows_its_plots(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    p = rng.random(80)
    card = {
        "event": "deal won",
        "horizon_days": 90,
        "cut_offs": [NOW],
        "rows": 1234,
        "features": ["meetings", NASTY],
        "excluded": {"test name": 3},
        "false_labels": {"imported in bulk": 12},
        "dropped": [{"column": "deals.reason", "kind": "fill_gap", "evidence": NASTY}],
        "notes": ["status has no history"],
        "judged": {"y": [int(v) for v in rng.random(80) < p], "p": [float(v) for v in p]},
        "effects": [{"reason": "meetings", "points": 4.0}],
        "borrowed": {
            "from": "sales",
            "offset": 0.25,
            "offset_error": 0.1,
            "own_records": 31,
            "verdict_of": "own records",
        },
    }
    report = {
        "auc": 0.731,
        "verdict": "better than base rate",
        "why": "better",
        "unseen": {"n": 40, "auc": 0.7},
        "grades": [{"grade": "A", "rate": 0.61}],
    }
    ws, digest = desk(tmp_path / "models", card, report)
    told = card_page.write(ws, digest[:8], None).to_json()
    page = Path(told["page"])
    assert page.parent == tmp_path / "models" / digest
    read = Reader(page.read_text(encoding="utf-8"))
    assert "script" not in read.tags
    assert read.text.count(NASTY) == 2
    for words in (
        "deal won",
        "90 days",
        "1,234",
        "test name 3",
        "imported in bulk 12",
        "auc 0.731",
        "fill_gap",
    ):
        assert words in read.text.replace("1234", "1,234"), words
    for words in ("from sales, offset +0.250", "companies unseen", "0.61", "status has no history"):
        assert words in read.text, words
    kinds = ("calibration", "lift", "roc", "precision_recall", "reasons")
    assert read.images == [f"deals-{k}.png" for k in kinds]
    assert all((page.parent / i).read_bytes().startswith(b"\x89PNG") for i in read.images)
    assert len(told["files"]) == 6
    # The model beside it is as it was.
    assert registry.load_latest(ws.state, ws.models_folder, "deals", PopulationModel) is not None


def test_a_model_is_found_by_its_name_or_its_digest(tmp_path: Path) -> None:
    ws, digest = desk(tmp_path, {"event": "deal won"}, {})
    # Another of the name that is newer and not in force, and one whose name is how the first one's digest begins.
    for name, kept in (("deals", "b" * 64), (digest[:3], "c" * 64)):
        registry.enter(ws.state, kept, name, registry.PROPENSITY, "v", {}, NOW, NOW + 1, publish=False)
    for named in ("deals", digest, digest[:8]):
        assert cards.card(ws, named).digest == digest
    assert cards.card(ws, "bbb").digest == "b" * 64
    with pytest.raises(UsageError, match=f'"{digest[:3]}" is in force') as none:
        cards.card(ws, digest[:3])
    assert none.value.action.endswith("models show cccccccccccc")
    with pytest.raises(UsageError, match='name "daels"') as unknown:
        cards.card(ws, "daels")
    assert 'Did you mean "deals"?' in unknown.value.action


def test_without_a_test_there_is_a_page_without_plots(tmp_path: Path) -> None:
    ws, digest = desk(tmp_path / "models", {"event": "deal won"}, {"verdict": "too little data"})
    told = card_page.write(ws, digest, tmp_path / "out").to_json()
    assert [Path(f["file"]).name for f in told["files"]] == ["card.html"]
    assert (tmp_path / "out" / "card.html").is_file()
    with pytest.raises(UsageError, match="digest starts with"):
        card_page.write(ws, "ffff", None)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(MachineError, match="cannot be written"):
        card_page.write(ws, digest, tmp_path / "file")


def test_the_card_names_the_tier_as_the_comparison_does(tmp_path: Path) -> None:
    """From the model itself: a card that an older release wrote, or a report, does not go before it."""
    for said in ("boosted", "full"):
        ws, digest = desk(tmp_path, {"event": "deal won", "tier": said}, {"verdict": "too little data"})
        assert cards.card(ws, digest[:12]).to_json()["tier"] == "rules"
        assert card_page.lines_of(cards.card(ws, "deals").to_json())["tier"] == "rules"
