"""Models: the list, a card, and what a command did with one."""

from dataclasses import dataclass
from typing import Any, Literal

from sales_consultant.config.clock import iso
from sales_consultant.sync.results.cards import Card
from sales_consultant.sync.results.training import ForwardTest

Standing = Literal["in force", "candidate", "kept out", "outdated", "was in force"]


@dataclass(frozen=True)
class ModelRow:
    """A model and where it stands; `as_of` in milliseconds UTC, `why` for one that is not in force."""

    name: str
    digest: str
    verdict: str
    as_of: int | None
    standing: Standing
    why: str

    def to_json(self) -> dict[str, Any]:
        """One row of "models"."""
        return {
            "name": self.name,
            "digest": self.digest,
            "verdict": self.verdict,
            "as_of": iso(self.as_of),
            "in_force": self.standing == "in force",
            "standing": self.standing,
            "why": self.why,
        }


@dataclass(frozen=True)
class ModelList:
    """All models, newest first."""

    models: tuple[ModelRow, ...]

    def to_json(self) -> dict[str, Any]:
        """Under "models"."""
        return {"models": [m.to_json() for m in self.models]}


@dataclass(frozen=True)
class ModelSwitch:
    """A model came into force in the place of another one; whole digests, `withdrawn` empty where there was none."""

    name: str
    in_force: str
    withdrawn: str

    def to_json(self) -> dict[str, Any]:
        """The name and both digests."""
        return dict(vars(self))


@dataclass(frozen=True)
class ModelExport:
    """A model was written to a file."""

    file: str
    name: str
    digest: str

    def to_json(self) -> dict[str, Any]:
        """The file and the model."""
        return dict(vars(self))


@dataclass(frozen=True)
class ModelImport:
    """A model was taken in."""

    name: str
    digest: str
    in_force: bool

    def to_json(self) -> dict[str, Any]:
        """The model, and whether it is in force."""
        return dict(vars(self))


@dataclass(frozen=True)
class CardPage:
    """A card was written as a page, with its plots."""

    page: str
    files: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The page and all files."""
        return {"page": self.page, "files": [{"file": f} for f in self.files]}


@dataclass(frozen=True)
class ModelCard:
    """Everything that is known of a model; `about` is the card of its kind. `as_of` in milliseconds UTC."""

    name: str
    kind: str
    digest: str
    verdict: str
    as_of: int | None
    in_force: bool
    about: Card

    @property
    def earned(self) -> bool:
        """Whether it would have come into force by its comparison, or did."""
        return bool(self.about.document.get("would_publish"))

    @property
    def test(self) -> ForwardTest:
        """Its forward test, as `evaluate` tells it."""
        return ForwardTest(self.name, self.digest, self.as_of, self.in_force, None, self.about.document)

    def to_json(self) -> dict[str, Any]:
        """The card as one flat document."""
        return {
            "name": self.name,
            "kind": self.kind,
            "digest": self.digest,
            "verdict": self.verdict,
            "as_of": iso(self.as_of),
            "in_force": self.in_force,
            **self.about.document,
        }
