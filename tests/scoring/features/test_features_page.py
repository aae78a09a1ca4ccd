"""docs/reference/features.md is what the declarations say."""

from support.features_page import PAGE, page

from sales_consultant.scoring.features.catalogue import standard
from sales_consultant.scoring.features.declarations import Entity, Feature


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run make reference"


def test_names_are_unique_and_every_feature_has_its_reason() -> None:
    entities: tuple[Entity, ...] = ("deals", "contacts", "companies")
    for entity in entities:
        groups, features = standard(entity, seller=True)
        assert len({f.name for f in features}) == len(features)
        assert {f.group for f in features} == {g.name for g in groups}
        assert {Feature.from_dict(f.to_dict()) for f in features} == set(features)
        without = standard(entity, seller=False)[0]
        assert (
            {g.name for g in groups} - {g.name for g in without}
            == {g.name for g in groups if g.side == "seller"}
            != set()
        )
