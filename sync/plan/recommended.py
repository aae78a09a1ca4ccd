"""What the fields of recommended products should hold."""

from collections.abc import Iterator, Mapping
from typing import Any

from sales_consultant.config.language.translation import Language
from sales_consultant.config.records import RecordRef
from sales_consultant.config.settings import Settings
from sales_consultant.engine import DuckEngine


def values(
    engine: DuckEngine,
    settings: Settings,
    model: Any | None,
    shown: Mapping[str, Mapping[RecordRef, str]],
    *,
    as_of: int,
    language: Language = "en",
) -> Iterator[tuple[RecordRef, dict[str, str | None]]]:
    """The product and the reason of each company that has one to be recommended, and nothing for those that show an old one.

    Without a `model` nothing is said of any company. `shown` is what records show now, by field: a product that a company
    shows stands while it is still among the best.
    """
    if model is None:
        return
    before = {k.record_id: v for k, v in shown["recommended_product"].items() if k.object == "companies"}
    found = model.recommend(
        engine, as_of=as_of, previous=before, exclusions=settings.exclude, language=language
    )
    for record_id, product, why in zip(found["record_id"], found["product"], found["why"], strict=True):
        before.pop(record_id, None)
        yield (
            RecordRef("companies", record_id),
            {"recommended_product": product, "recommended_product_why": why},
        )
    for record_id in before:
        yield (
            RecordRef("companies", record_id),
            {"recommended_product": None, "recommended_product_why": None},
        )
