"""Salesforce's small tables, read whole: currencies with their dated rates."""

from typing import Any

from sales_consultant.config.errors import AccessError
from sales_consultant.connectors.salesforce.client import SalesforceApi, SalesforceRefusalError

CURRENCY_COLUMNS = ("code", "rate", "start_at", "end_at")


def currencies(api: SalesforceApi) -> list[dict[str, Any]]:
    """Units of each currency for one of the corporate currency; dated where the org dates them, else as of now.

    An org with one currency has neither object, and none here.
    """
    now = _rows(api, "SELECT IsoCode, ConversionRate FROM CurrencyType")
    dated = _rows(
        api,
        "SELECT IsoCode, ConversionRate, StartDate, NextStartDate FROM DatedConversionRate ORDER BY StartDate",
    )
    found = [
        {
            "code": r["IsoCode"],
            "rate": r["ConversionRate"],
            "start_at": r["StartDate"],
            # The end of all days stands for a rate that is still in force.
            "end_at": None if str(r["NextStartDate"]).startswith("9999") else r["NextStartDate"],
        }
        for r in dated
    ]
    known = {r["code"] for r in found}
    return found + [
        {"code": r["IsoCode"], "rate": r["ConversionRate"]} for r in now if r["IsoCode"] not in known
    ]


def _rows(api: SalesforceApi, soql: str) -> list[dict[str, Any]]:
    try:
        return api.query(soql)
    except SalesforceRefusalError as e:
        # Any other refusal must not look as if there were no rates any more.
        if e.error_code != "INVALID_TYPE":
            raise AccessError(
                f"Currencies cannot be read: {e.error_code} {e.words}",
                action="Give the run-as user Read on them, or leave it: rates stay as they were read last.",
            ) from e
        return []
