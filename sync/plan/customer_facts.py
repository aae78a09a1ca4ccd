"""What our fields say of customers and of what deals are offered, as facts of the playbook."""

from collections.abc import Iterable, Mapping

import pandas as pd

from sales_consultant.config.fields.canon import Canonical
from sales_consultant.config.records import RecordRef
from sales_consultant.scoring.customers import key_of

# The fields by the name that the playbook has for them.
_FIELD_OF = {
    "segment": "segment",
    "lifecycle": "lifecycle",
    "churn_risk": "churn_risk",
    "value_12m": "value_12m",
    "recommended_product": "recommended_product",
    "tier": "customer_tier",
}
_NUMBERS = ("churn_risk", "value_12m", "tier")


def customer_facts(
    values: Iterable[tuple[RecordRef, Mapping[str, Canonical]]],
    owned: Mapping[str, tuple[str, ...]] | None = None,
) -> pd.DataFrame:
    """One row a customer, a company or a person with a lifecycle, and one a deal that is recommended a product.

    Columns: object, record_id, segment, lifecycle, churn_risk, value_12m, recommended_product, tier, products. `values` are
    records with their values of our fields, be it what the CRM shows or what it should show. `owned` are the names of the
    products of customers, by the customer's key. What is not known is a gap.
    """
    rows = [
        {
            "object": key.object,
            "record_id": key.record_id,
            **{name: held.get(field) for name, field in _FIELD_OF.items()},
            "products": (owned or {}).get(key_of(*key)) if key.object != "deals" else None,
        }
        for key, held in values
        if held.get("recommended_product" if key.object == "deals" else "lifecycle") and key.object != "leads"
    ]
    table = pd.DataFrame(rows, columns=["object", "record_id", *_FIELD_OF, "products"])
    for name in _NUMBERS:
        table[name] = pd.to_numeric(table[name], errors="coerce").astype("float64")
    return table
