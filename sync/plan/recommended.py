"""What the fields of recommended products should hold, on companies and on their open deals."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from sales_consultant.config.language.translation import Language
from sales_consultant.config.records import RecordRef
from sales_consultant.config.settings import Settings
from sales_consultant.engine import DuckEngine
from sales_consultant.scoring.products import bought, open_deals

_OBJECTS = ("companies", "deals")


def values(
    engine: DuckEngine,
    settings: Settings,
    model: Any | None,
    shown: Mapping[str, Mapping[RecordRef, str]],
    *,
    as_of: int,
    language: Language = "en",
) -> Iterator[tuple[RecordRef, dict[str, str | None]]]:
    """The product and the reason of each company and open deal that has one to be recommended, and nothing for those that show
    an old one.

    Without a `model` nothing is said of any record. `shown` is what records show now, by field: a product that a record shows
    stands while it is still among the best.
    """
    if model is None:
        return
    before: dict[str, dict[str, str]] = {obj: {} for obj in _OBJECTS}
    for key, name in shown["recommended_product"].items():
        if key.object in before:
            before[key.object][key.record_id] = name
    held = bought(engine, as_of=as_of, exclusions=settings.exclude)
    deals = open_deals(engine, as_of=as_of)
    found: dict[str, pd.DataFrame] = {
        "companies": model.of_bought(held, as_of=as_of, previous=before["companies"], language=language),
        "deals": model.of_deals(held, deals, as_of=as_of, previous=before["deals"], language=language),
    }
    for obj, rows in found.items():
        for record_id, product, why in zip(rows["record_id"], rows["product"], rows["why"], strict=True):
            before[obj].pop(record_id, None)
            yield (
                RecordRef(obj, record_id),
                {"recommended_product": product, "recommended_product_why": why},
            )
        for record_id in before[obj]:
            yield RecordRef(obj, record_id), {"recommended_product": None, "recommended_product_why": None}
